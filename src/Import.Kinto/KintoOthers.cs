using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Import.Kinto;

/// <summary>Buckets that somebody else had here before the import. Kinto's rights do not mean the groups of these buckets, whoever is in them.</summary>
/// <param name="store">The store of buckets.</param>
/// <param name="rules">The possible ids.</param>
internal sealed class KintoOthers(IBucketStore store, KintoImportRules rules)
{
    private readonly Dictionary<string, bool> known = new(StringComparer.Ordinal);

    public bool Has(string bucket) => known.GetValueOrDefault(bucket);

    /// <summary>Checks Kinto's buckets before any of them is written, so that buckets from an earlier run are not taken for somebody else's.</summary>
    /// <param name="source">The Kinto server.</param>
    /// <param name="buckets">Its buckets, except default buckets.</param>
    /// <param name="rights">Tells who becomes a bucket's author.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read.</exception>
    public async Task FindAsync(IKintoSource source, IEnumerable<KintoObject> buckets, KintoRights rights, CancellationToken cancellationToken)
    {
        var here = new List<(KintoObject There, string Path, BucketHeads Heads)>();
        foreach (var bucket in buckets)
        {
            known[bucket.Id] = false;
            if (await FindAsync(bucket.Id, cancellationToken) is { } heads)
            {
                here.Add((bucket, $"/buckets/{bucket.Id}", heads));
            }
        }

        var entries = await source.ReadEntriesAsync([.. here.Select(static one => one.Path)], cancellationToken);
        foreach (var (there, path, heads) in here)
        {
            known[there.Id] = !IsSame(there, entries.GetValueOrDefault(path) ?? [], heads, rights);
        }
    }

    /// <summary>Checks buckets that Kinto's rights name, but that do not exist there any more, or never did.</summary>
    /// <param name="entries">Rights that will be stored next.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StoreUnavailableException">The store cannot be read.</exception>
    public async ValueTask LearnAsync(IReadOnlyList<KintoEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            if (PrincipalText.IsGroup(entry.Principal) && PrincipalText.TryReadGroup(entry.Principal, out var bucket, out _) && !known.ContainsKey(bucket))
            {
                known[bucket] = await FindAsync(bucket, cancellationToken) is not null;
            }
        }
    }

    /// <summary>
    /// Whether a bucket can only have come from an earlier run, since it belongs to the author that it would get. A bucket without an author, which anybody could
    /// have made, must also have the stamp and the writers of Kinto's.
    /// </summary>
    private static bool IsSame(KintoObject there, IReadOnlyList<KintoEntry> entries, BucketHeads heads, KintoRights rights)
    {
        if (rights.AuthorOf(entries) is { } author)
        {
            return heads.Author == author.User && (heads.AuthorNumber ?? 0) == author.Account.Number;
        }

        var self = heads[ListRef.Self];
        var writers = entries.Where(static entry => entry.Permission == "write").Select(entry => rights.UserOf(entry.Principal)?.Stored).OfType<string>();
        return heads.Author is null && self.RowsModified == there.Modified && writers.ToHashSet(StringComparer.Ordinal).SetEquals(
            (self.Acl ?? AccessList.Empty)[Right.Write].Where(static stored => !PrincipalText.IsGroup(stored) && stored is not (PrincipalText.Everyone or PrincipalText.Authenticated)));
    }

    /// <returns>Null if it is not here, or an earlier run has not finished it.</returns>
    private async Task<BucketHeads?> FindAsync(string id, CancellationToken cancellationToken) =>
        rules.IsId(id) && await store.LoadAsync(BucketId.Named(id), claim: false, cancellationToken) is { Exists: true } heads && !BucketRestore.IsUnfinished(heads) ? heads : null;
}

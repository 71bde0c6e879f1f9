using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Import.Kinto;

/// <summary>Buckets that somebody else had here before the import. Their groups are not those that rights of Kinto's name, whoever is in them.</summary>
/// <param name="store">Where buckets are.</param>
/// <param name="rules">What ids there can be.</param>
internal sealed class KintoOthers(IBucketStore store, KintoImportRules rules)
{
    private readonly Dictionary<string, bool> known = new(StringComparer.Ordinal);

    public bool Has(string bucket) => known.GetValueOrDefault(bucket);

    /// <summary>Looks at the buckets of Kinto, before any of them is written: what an earlier run has brought is nobody else's.</summary>
    /// <param name="source">The Kinto.</param>
    /// <param name="buckets">Its buckets, but for default buckets.</param>
    /// <param name="rights">Says whose a bucket becomes.</param>
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

    /// <summary>Looks at buckets that Kinto's rights name, and that are not there any more, or never were.</summary>
    /// <param name="entries">Rights that are to be stored next.</param>
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

    /// <summary>Whether a bucket can only have come by an earlier run: it is whose it would become. Of nobody's bucket, which anybody could have made, stamp and writers are those of Kinto too.</summary>
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

    /// <returns>Null for one that is not here, or that an earlier run has not ended.</returns>
    private async Task<BucketHeads?> FindAsync(string id, CancellationToken cancellationToken) =>
        rules.IsId(id) && await store.LoadAsync(BucketId.Named(id), claim: false, cancellationToken) is { Exists: true } heads && !BucketRestore.IsUnfinished(heads) ? heads : null;
}

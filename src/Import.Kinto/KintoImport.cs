using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Logins;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Import.Kinto;

/// <summary>
/// Imports the data of a Kinto server: accounts, buckets with their contents, and rights. Invariants:
/// <list type="number">
/// <item>Until all buckets are here, no imported account can sign in, and an incomplete bucket has no owner. So an interrupted import can be run again.</item>
/// <item>Nothing is changed that somebody has here already.</item>
/// <item>Objects keep their ids, stamps, data and rights, and lists keep their stamps. So a device's next poll gets exactly the changes since its last one.</item>
/// <item>A name in a right means the account that was imported with it. If an account of that name was here before, nobody can tell whether it is the same person, so it
/// gets nothing. Nor does a group get a right if its bucket's name was taken here before.</item>
/// </list>
/// </summary>
/// <param name="source">The Kinto server.</param>
/// <param name="accounts">Stores the accounts.</param>
/// <param name="buckets">Stores the buckets.</param>
/// <param name="rules">Limits what can be imported.</param>
/// <param name="secret">The secret from which ids of default buckets were made; null if it is not known.</param>
/// <param name="time">The clock.</param>
public sealed class KintoImport(IKintoSource source, IAccountStore accounts, IBucketStore buckets, KintoImportRules rules, ReadOnlyMemory<byte>? secret, TimeProvider time)
{
    private readonly KintoTally tally = new();
    private readonly Dictionary<string, long> numbers = new(StringComparer.Ordinal);

    // Accounts that were here before, by principal.
    private readonly Dictionary<string, long> namesakes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> defaultBuckets = new(StringComparer.Ordinal);

    /// <param name="onProgress">Called with the progress after each commit.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="KintoException">Something there cannot be read, or was not imported as it is there.</exception>
    /// <exception cref="StoreUnavailableException">The database here failed. The import can be run again.</exception>
    public async Task<KintoTally> RunAsync(Action<KintoTally> onProgress, CancellationToken cancellationToken)
    {
        // :: Step 1: count the objects.
        var counts = await source.CountAsync(cancellationToken);
        var left = new HashSet<(string, string)>(counts.Keys);
        CountThere(counts);

        // :: Step 2: add accounts, with which nobody can sign in yet: rights are stored with the numbers of accounts.
        await foreach (var (name, hash) in source.ReadAccountsAsync(cancellationToken))
        {
            left.Remove((name, KintoKind.Account));
            await AddAccountAsync(name, hash, cancellationToken);
        }

        // :: Step 3: find out which buckets are default buckets.
        await FindDefaultBucketsAsync(cancellationToken);

        // :: Step 4: find out which of the others somebody else has here.
        var all = await source.ReadBucketsAsync(cancellationToken);
        var others = new KintoOthers(buckets, rules);
        var rights = new KintoRights(numbers, defaultBuckets, others, tally, ServerTimestamp.Now(time));
        await others.FindAsync(source, all.Where(one => !one.IsTombstone && !defaultBuckets.ContainsKey(one.Id)), rights, cancellationToken);

        // :: Step 5: import the buckets, one after the other.
        foreach (var bucket in all)
        {
            var owner = defaultBuckets.GetValueOrDefault(bucket.Id);
            var run = new KintoBucket(source, buckets, rules, rights, others, tally, time, counts, left);
            await run.ImportAsync(bucket, owner, owner is null ? null : await DefaultBucketOfAsync(owner, rights, cancellationToken), onProgress, cancellationToken);
        }

        // :: Step 6: count the objects that belong to nothing.
        foreach (var list in left)
        {
            Counted(list, counts[list], static (count, objects) => count.OfNobody += objects);
        }

        // :: Step 7: from now on, users can sign in.
        await OpenAccountsAsync(onProgress, cancellationToken);
        return tally;
    }

    private void CountThere(IReadOnlyDictionary<(string Parent, string Kind), (long Live, long Tombstones)> counts)
    {
        var others = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (list, count) in counts)
        {
            if (!Counted(list, count, static (of, objects) => of.There += objects))
            {
                others[list.Kind] = others.GetValueOrDefault(list.Kind) + count.Live;
            }
        }

        foreach (var (kind, count) in others.Where(static other => other.Value > 0))
        {
            tally.Note(FormattableString.Invariant($"{kind}: {count:N0} of these are there; they have no counterpart here"));
        }
    }

    /// <returns>False for kinds that are not imported.</returns>
    private bool Counted((string Parent, string Kind) list, (long Live, long Tombstones) count, Action<KintoCount, long> add)
    {
        var of = list.Kind switch
        {
            KintoKind.Account => tally.Accounts,
            KintoKind.Bucket => tally.Buckets,
            KintoKind.Collection => tally.Collections,
            KintoKind.Group => tally.Groups,
            KintoKind.Record => tally.Records,
            _ => null,
        };
        if (of is null)
        {
            return false;
        }

        add(of, count.Live);
        if (list.Kind is not (KintoKind.Account or KintoKind.Bucket))
        {
            add(tally.Tombstones, count.Tombstones);
        }

        return true;
    }

    private async Task AddAccountAsync(string name, string? hash, CancellationToken cancellationToken)
    {
        if (!rules.IsAccount(name))
        {
            tally.Accounts.Refused++;
            tally.Note($"account:{name}: not imported, there can be no account of that name here");
            return;
        }

        var account = await accounts.AddAsync(name, AccountLogin.Pending, ServerTimestamp.Now(time), cancellationToken) ?? await accounts.FindAsync(name, cancellationToken);
        var isPending = account is { PasswordHash: AccountLogin.Pending, IsBeingDeleted: false };
        if (isPending || (account is { IsBeingDeleted: false } && account.PasswordHash == hash))
        {
            numbers[name] = account!.Number;
        }
        else if (account is not null)
        {
            namesakes[$"account:{name}"] = account.Number;
        }

        tally.Accounts.Before += isPending ? 0 : 1;
    }

    private async Task FindDefaultBucketsAsync(CancellationToken cancellationToken)
    {
        var found = new List<string>();
        var unmatched = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (var (bucket, principal) in source.ReadUuidBucketsAsync(cancellationToken))
        {
            if (secret is not { } known)
            {
                found.Add(bucket);
            }
            else if (KintoBucketId.OfDefault(known.Span, principal) == bucket)
            {
                defaultBuckets[bucket] = principal;
            }
            else if (KintoBucketId.IsSurelyDefault(bucket))
            {
                unmatched.Add(bucket);
            }
        }

        unmatched.ExceptWith(defaultBuckets.Keys);
        if (unmatched.Count > 0)
        {
            throw new KintoException(FormattableString.Invariant(
                $"The secret is not the one by which ids of default buckets were made: {unmatched.Count} of them, such as '{unmatched.Min}', are of nobody who may write them, {defaultBuckets.Count} are of somebody. It is kinto.default_bucket_hmac_secret of the old settings, or where that is not set kinto.userid_hmac_secret. A bucket that was made with yet another secret is in nobody's reach there: delete it, and run the import again."));
        }

        if (found.Count > 0)
        {
            throw new KintoException(
                $"There are buckets with ids of default buckets, such as '{found[0]}'. To know whose they are takes kinto.default_bucket_hmac_secret of the old settings, or where that is not set "
                + "kinto.userid_hmac_secret: name the settings with --conf, or a file with that secret alone with --secret-file.");
        }
    }

    /// <returns>Null if the owner is not here.</returns>
    private async Task<BucketId?> DefaultBucketOfAsync(string principal, KintoRights rights, CancellationToken cancellationToken)
    {
        if (rights.UserOf(principal) is { } user)
        {
            return BucketId.DefaultBucket(rules.DefaultBucketOf(principal, user.Account.Number));
        }

        // Nothing is written to an account that was here before. But its bucket may come from an earlier run.
        var theirs = namesakes.TryGetValue(principal, out var number) ? BucketId.DefaultBucket(rules.DefaultBucketOf(principal, number)) : default(BucketId?);
        return theirs is { } bucket && await buckets.LoadAsync(bucket, claim: false, cancellationToken) is { Exists: true } ? bucket : null;
    }

    private async Task OpenAccountsAsync(Action<KintoTally> onProgress, CancellationToken cancellationToken)
    {
        await foreach (var (name, hash) in source.ReadAccountsAsync(cancellationToken))
        {
            if (!numbers.ContainsKey(name) || await accounts.FindAsync(name, cancellationToken) is not { PasswordHash: AccountLogin.Pending } account)
            {
                continue;
            }

            var isKnown = hash is not null && rules.IsPassword(hash);
            if (!isKnown)
            {
                tally.Note($"account:{name}: the hash of the password is none that is known. Set a password with: account password {name}");
            }

            if (await accounts.ChangePasswordAsync(name, account, isKnown ? hash! : PasswordHash.None, ServerTimestamp.Now(time), cancellationToken) is null)
            {
                throw new StoreUnavailableException($"The account of {name} was changed or deleted while it was imported.");
            }

            tally.Accounts.Imported++;
            onProgress(tally);
        }
    }
}

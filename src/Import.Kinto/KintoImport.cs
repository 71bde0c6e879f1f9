using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Logins;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Import.Kinto;

/// <summary>
/// Takes over what a Kinto keeps: accounts, buckets with all that lies in them, rights. Invariants:
/// <list type="number">
/// <item>Until all buckets are here nobody who came over can sign in, and no bucket that is not whole is anybody's; so that it can be run again whenever it was cut off.</item>
/// <item>What somebody has here is never changed.</item>
/// <item>Objects keep ids, stamps, data and rights, lists their stamps: the next poll of a device gets what has changed since its last, and nothing else.</item>
/// <item>Who was named by a name is who came over with it. Of an account that somebody has here already nobody can tell, so that nothing goes to it. No more does a right go to a group of a bucket that somebody else has here already.</item>
/// </list>
/// </summary>
/// <param name="source">The Kinto.</param>
/// <param name="accounts">Where accounts go.</param>
/// <param name="buckets">Where buckets go.</param>
/// <param name="rules">What may be here.</param>
/// <param name="secret">By which ids of default buckets were made; null where nobody knows.</param>
/// <param name="time">The clock.</param>
public sealed class KintoImport(IKintoSource source, IAccountStore accounts, IBucketStore buckets, KintoImportRules rules, ReadOnlyMemory<byte>? secret, TimeProvider time)
{
    private readonly KintoTally tally = new();
    private readonly Dictionary<string, long> numbers = new(StringComparer.Ordinal);

    // Those that were here before, by principal.
    private readonly Dictionary<string, long> namesakes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> defaultBuckets = new(StringComparer.Ordinal);

    /// <param name="onProgress">Hears how far it has come, after each commit.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="KintoException">Something there cannot be read, or is not here as it is there.</exception>
    /// <exception cref="StoreUnavailableException">The database here failed; the import can be run again.</exception>
    public async Task<KintoTally> RunAsync(Action<KintoTally> onProgress, CancellationToken cancellationToken)
    {
        // :: Step 1: how much there is.
        var counts = await source.CountAsync(cancellationToken);
        var left = new HashSet<(string, string)>(counts.Keys);
        CountThere(counts);

        // :: Step 2: accounts that nobody signs in with yet, since what names them is stored with their numbers.
        await foreach (var (name, hash) in source.ReadAccountsAsync(cancellationToken))
        {
            left.Remove((name, KintoKind.Account));
            await AddAccountAsync(name, hash, cancellationToken);
        }

        // :: Step 3: which buckets are default buckets.
        await FindDefaultBucketsAsync(cancellationToken);

        // :: Step 4: which of the others somebody else has here.
        var all = await source.ReadBucketsAsync(cancellationToken);
        var others = new KintoOthers(buckets, rules);
        var rights = new KintoRights(numbers, defaultBuckets, others, tally, ServerTimestamp.Now(time));
        await others.FindAsync(source, all.Where(one => !one.IsTombstone && !defaultBuckets.ContainsKey(one.Id)), rights, cancellationToken);

        // :: Step 5: buckets, one after the other.
        foreach (var bucket in all)
        {
            var owner = defaultBuckets.GetValueOrDefault(bucket.Id);
            var run = new KintoBucket(source, buckets, rules, rights, others, tally, time, counts, left);
            await run.ImportAsync(bucket, owner, owner is null ? null : await DefaultBucketOfAsync(owner, rights, cancellationToken), onProgress, cancellationToken);
        }

        // :: Step 6: what lies in nothing.
        foreach (var list in left)
        {
            Counted(list, counts[list], static (count, objects) => count.OfNobody += objects);
        }

        // :: Step 7: from now on they can sign in.
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

    /// <returns>False for kinds that do not come over.</returns>
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

    /// <returns>Null for an owner who is not here.</returns>
    private async Task<BucketId?> DefaultBucketOfAsync(string principal, KintoRights rights, CancellationToken cancellationToken)
    {
        if (rights.UserOf(principal) is { } user)
        {
            return BucketId.DefaultBucket(rules.DefaultBucketOf(principal, user.Account.Number));
        }

        // Nothing is written to somebody who was here before; but what they have may have come by an earlier run.
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

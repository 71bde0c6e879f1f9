using System.Globalization;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Transfer;

namespace Lockstep.Import.SyncStorage;

/// <summary>
/// Imports the storages of users of syncstorage-rs, one after the other. Invariants:
/// <list type="number">
/// <item>A user is imported completely or not at all: until all their records are here and counted, their storage is held back.</item>
/// <item>Nothing is changed that somebody has here already. A user whom an earlier run has begun and not finished is imported anew. So an interrupted import can be run again.</item>
/// <item>Records keep their ids, stamps, weights and times of expiry, and collections keep their stamps. So devices get exactly the changes since their last sync.</item>
/// </list>
/// </summary>
public sealed class SyncStorageImport(
    SyncStorageDatabase tokens, SyncStorageDatabase storage, IAssignmentStore assignments, IAccountTransfer transfer, IBucketStore buckets, SyncStorageOptions options, TimeProvider time)
{
    private const int RecordsAtOnce = 1_000;
    private const int BytesAtOnce = 4 << 20;

    private readonly SyncStorageTally tally = new();

    /// <param name="onProgress">Called with the progress after each commit.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="SyncStorageException">There are several nodes and none is named, or the records here are not the same as there.</exception>
    /// <exception cref="StoreUnavailableException">The database here failed. The import can be run again.</exception>
    public async Task<SyncStorageTally> RunAsync(Action<SyncStorageTally> onProgress, CancellationToken cancellationToken)
    {
        var everybody = await tokens.ReadUsersAsync(cancellationToken);
        var counts = await storage.CountRecordsAsync(cancellationToken);
        (tally.Users, tally.Records) = (everybody.Count, counts.Values.Sum());

        // :: Step 1: the users to import.
        var inUse = InUse(everybody);
        var node = NodeOf(inUse);
        var coming = inUse.Where(user => string.Equals(user.Node, node, StringComparison.Ordinal)).ToList();
        tally.UsersLeft = tally.Users - coming.Count;
        tally.RecordsOfOthers = tally.Records - coming.Sum(user => counts.GetValueOrDefault(user.Uid));

        // :: Step 2: import them, one after the other.
        foreach (var user in coming)
        {
            await ImportAsync(user, counts.GetValueOrDefault(user.Uid), onProgress, cancellationToken);
            onProgress(tally);
        }

        return tally;
    }

    /// <summary>The newest row of each user, unless it was replaced, or the user was removed.</summary>
    private static List<SyncStorageUser> InUse(IReadOnlyList<SyncStorageUser> everybody)
    {
        var (found, last) = (new List<SyncStorageUser>(), "");
        foreach (var user in everybody)
        {
            if (!string.Equals(user.Email, last, StringComparison.Ordinal) && user is { IsReplaced: false, Keys.Generation: < UserKeys.RetiredGeneration })
            {
                found.Add(user);
            }

            last = user.Email;
        }

        return found;
    }

    private string NodeOf(List<SyncStorageUser> users)
    {
        var nodes = users.Select(static user => user.Node).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (options.Node is { } named)
        {
            return nodes.Contains(named, StringComparer.Ordinal) ? named : throw new SyncStorageException($"No user is on the node '{named}'. There are: {string.Join(", ", nodes)}.");
        }

        return nodes.Count <= 1 ? nodes.FirstOrDefault() ?? "" : throw new SyncStorageException($"Users are on several nodes: {string.Join(", ", nodes)}. Import one after the other, each with --node and its own database.");
    }

    private async Task ImportAsync(SyncStorageUser user, long count, Action<SyncStorageTally> onProgress, CancellationToken cancellationToken)
    {
        // :: Step 1: whether they have a storage here already.
        var identity = new UserIdentity(options.Issuer, user.Email.Split('@')[0]);
        if ((await assignments.FindAsync(identity, cancellationToken)).Count > 0)
        {
            tally.UsersHere++;
            tally.RecordsOfOthers += count;
            return;
        }

        // :: Step 2: make a storage that nobody can reach yet, with all their records.
        var import = default(BucketImport);
        if (!options.IsDryRun)
        {
            var store = new Assignment(0, identity, user.Keys, 0, user.Created, Replaced: null, IsClosed: false, QuotaBytes: null);
            var number = (await transfer.HoldStoresAsync([store], cancellationToken))[0] ?? throw new StoreUnavailableException($"'{identity.Subject}' has got a storage while theirs was imported.");
            var owner = new PrincipalSet(string.Create(CultureInfo.InvariantCulture, $"sync:{number}")) { Account = new AccountRef(number, ServerTimestamp.Zero) };
            import = await BucketImport.BeginAsync(buckets, BucketId.SyncStorage(number.ToString(CultureInfo.InvariantCulture)), new Caller(owner, BucketAccess.Own), time, cancellationToken);
        }

        await CopyAsync(user, import, count, onProgress, cancellationToken);

        // :: Step 3: from now on, they can reach it.
        if (!options.IsDryRun)
        {
            await transfer.OpenAsync(identity, cancellationToken);
        }

        tally.UsersImported++;
    }

    private async Task CopyAsync(SyncStorageUser user, BucketImport? import, long count, Action<SyncStorageTally> onProgress, CancellationToken cancellationToken)
    {
        var collections = await storage.ReadCollectionsAsync(user.Uid, cancellationToken);
        var now = ServerTimestamp.Now(time);
        var (read, stored, refused) = (0L, 0L, 0L);
        var (pending, bytes) = (new List<(ListRef, StoredRecord)>(), 0L);
        await foreach (var (collection, record) in storage.ReadRecordsAsync(user.Uid, cancellationToken))
        {
            read++;
            if (!record.IsAlive(now))
            {
                tally.RecordsExpired++;
            }
            else if (collection is null || !options.IsCollection(collection) || !options.IsRecord(record.Id))
            {
                refused++;
            }
            else
            {
                pending.Add((ListRef.RecordsOf(collection), record));
                bytes += record.Length;
                if (pending.Count >= RecordsAtOnce || bytes >= BytesAtOnce)
                {
                    await FlushAsync();
                }
            }
        }

        await FlushAsync();
        if (import is not null)
        {
            // A collection's stamp also moves with deletions, and stays when all its records are gone.
            await import.StampAsync([.. collections.Where(one => options.IsCollection(one.Key)).Select(static one => (ListRef.RecordsOf(one.Key), one.Value))]);
        }

        var found = import is null ? stored : await import.CountAsync(cancellationToken);
        if (read != count || found != stored)
        {
            throw new SyncStorageException(string.Create(
                CultureInfo.InvariantCulture, $"The storage {user.Uid} has {count} records there; {read} were read, {stored} stored, and {found} are here. Stop the old server, and run the import again."));
        }

        if (refused > 0)
        {
            tally.RecordsRefused += refused;
            tally.Note(string.Create(CultureInfo.InvariantCulture, $"storage {user.Uid}: {refused} records were left out, since their collection has no name, or they have names that cannot be here"));
        }

        async Task FlushAsync()
        {
            if (pending.Count == 0)
            {
                return;
            }

            if (import is not null)
            {
                await import.AddAsync(pending);
            }

            stored += pending.Count;
            tally.RecordsImported += pending.Count;
            onProgress(tally);
            (pending, bytes) = ([], 0);
        }
    }
}

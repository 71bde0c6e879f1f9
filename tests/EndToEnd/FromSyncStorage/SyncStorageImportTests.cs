using System.Globalization;
using System.Text;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.EndToEnd.Interchange;
using Lockstep.EndToEnd.ServerFull;
using Lockstep.Gateway.SyncStorage;
using Lockstep.Import.SyncStorage;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.EndToEnd.FromSyncStorage;

/// <summary><c>syncstorage import</c>, from MariaDB and from PostgreSQL.</summary>
public sealed class SyncStorageImportTests
{
    private const string Issuer = "https://accounts.example.org";
    private const long Then = 1_700_000_000_000;
    private const long Never = Then + 2_100_000_000_000;
    private const string State = "00112233445566778899aabbccddeeff";

    [MariaDbFact]
    public async Task Users_OfAMariaDb_FindAllWithItsStamps_WhereverTheImportWasLost()
    {
        await using var old = await OldSyncStorage.OnMariaDbAsync();
        await ImportAndCompareAsync(old);
    }

    [PostgresFact("The old server's PostgreSQL is one of the tests'.")]
    public async Task Users_OfAPostgres_FindAllWithItsStamps_WhereverTheImportWasLost()
    {
        await using var old = await OldSyncStorage.OnPostgresAsync();
        await ImportAndCompareAsync(old);
    }

    private static async Task ImportAndCompareAsync(OldSyncStorage old)
    {
        // :: Step 1: a user with an earlier storage, one who was removed, one on another node.
        await old.AddUserAsync(3, "aaa@api.example.org", 5, "ff", 4, replaced: Then);
        await old.AddUserAsync(9, "aaa@api.example.org", 7, State, 6);
        await old.AddUserAsync(10, "bbb@api.example.org", long.MaxValue, State, 6);
        await old.AddUserAsync(11, "ccc@api.example.org", 0, State, null, node: 2);
        await old.AddUserAsync(12, "ddd@api.example.org", 0, State, null);
        await old.AddAsync(3, 7, "old", "of the earlier one", Then, Never);
        await old.StampAsync(9, 1, Then + 10);
        await old.StampAsync(9, 4, Then + 90_000);
        await old.StampAsync(9, 7, Then + 50);
        var soon = ServerTimestamp.Now(TimeProvider.System).Milliseconds / 10 * 10 + 100_000_000;
        for (var i = 0; i < 1_200; i++)
        {
            await old.AddAsync(9, 4, $"h{i:D4}", $"visit {i}", Then + (i * 10), i == 7 ? soon : Never, i % 3 == 0 ? i : null);
        }

        await old.AddAsync(9, 4, "expired", "gone", Then, Then + 10);
        await old.AddAsync(9, 7, "b", "a bookmark", Then + 50, Never);
        await old.AddAsync(9, 99, "x", "of no collection", Then, Never);
        await old.AddAsync(11, 7, "b", "on another node", Then, Never);

        // :: Step 2: what a dry run says comes; then it is lost in each commit, and run again.
        await using (var dry = await TransferStore.CreateAsync())
        {
            var tally = await RunAsync(old, dry, isDryRun: true);
            Assert.Equal((5, 2, 0, 3), (tally.Users, tally.UsersImported, tally.UsersHere, tally.UsersLeft));
            Assert.Equal((1_205, 1_201, 1, 1, 2), (tally.Records, tally.RecordsImported, tally.RecordsExpired, tally.RecordsRefused, tally.RecordsOfOthers));
            Assert.True(tally.IsEven);
            Assert.Empty(await dry.Stores.Assignments.ListAsync(0, 10, default));
            Assert.Equal(0, await dry.Stores.Snapshots.CountAsync(default));
        }

        for (var failing = 1; ; failing++)
        {
            await using var store = await TransferStore.CreateAsync();
            FailingBucketStore? lost = null;
            var isLost = false;
            try
            {
                await RunAsync(old, store, wrap: inner => lost = new FailingBucketStore(inner, failing, stores: failing % 2 == 0));
            }
            catch (StoreUnavailableException)
            {
                isLost = true;
                Assert.Empty(await store.Stores.Assignments.FindAsync(new UserIdentity(Issuer, "aaa"), default));
                var again = await RunAsync(old, store);
                Assert.True(again.IsEven);
                Assert.Equal(2, again.UsersImported);
            }

            await CompareAsync(store, soon);
            var third = await RunAsync(old, store);
            Assert.Equal((0, 2, true), (third.UsersImported, third.UsersHere, third.IsEven));
            if (!isLost)
            {
                Assert.True(lost!.Commits is > 2 && lost.Commits < failing);
                return;
            }
        }
    }

    /// <summary>What <c>info/collections</c> and <c>newer=</c> answer comes from these stamps.</summary>
    private static async Task CompareAsync(TransferStore store, long soon)
    {
        var user = Assert.Single(await store.Stores.Assignments.FindAsync(new UserIdentity(Issuer, "aaa"), default));
        Assert.Equal((new UserKeys(7, State, 6), 0, new ServerTimestamp(1_500_000_000_009)), (user.Keys, user.Node, user.Created));
        Assert.Equal(new UserKeys(0, State, 0), Assert.Single(await store.Stores.Assignments.FindAsync(new UserIdentity(Issuer, "ddd"), default)).Keys);
        Assert.Empty(await store.Stores.Assignments.FindAsync(new UserIdentity(Issuer, "bbb"), default));
        Assert.Empty(await store.Stores.Assignments.FindAsync(new UserIdentity(Issuer, "ccc"), default));
        var heads = (await store.Stores.Buckets.LoadAsync(BucketId.SyncStorage(user.Number.ToString(CultureInfo.InvariantCulture)), claim: false, default))!;
        var lists = heads.Lists.Values.Where(static head => head.List.Role == ListRole.Records).ToDictionary(static head => head.List.Name, StringComparer.Ordinal);
        Assert.Equal(["bookmarks", "clients", "history"], lists.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((Then + 50, Then + 10, Then + 90_000), (lists["bookmarks"].Touched.Milliseconds, lists["clients"].Touched.Milliseconds, lists["history"].Touched.Milliseconds));
        Assert.Equal((1, 0, 1_200), (lists["bookmarks"].Count, lists["clients"].Count, lists["history"].Count));
        Assert.Equal(new ServerTimestamp(soon), lists["history"].NextExpiry);
        Assert.True(heads.Clock >= lists["history"].Touched);

        // A device that synced when it was half of what it is.
        var newer = new ListQuery { After = new ServerTimestamp(Then + 5_990), Limit = 2_000 };
        var rows = (await store.Stores.Buckets.ScanAsync(new RecordScan(heads.Key, lists["history"].Key, newer, 2_000, long.MaxValue), default)).Records;
        Assert.Equal(Enumerable.Range(600, 600).Select(static i => $"h{i:D4} {Then + (i * 10)} visit {i} {(i % 3 == 0 ? i : "")}"), rows
            .OrderBy(static row => row.Id, StringComparer.Ordinal)
            .Select(static row => $"{row.Id} {row.Modified} {Encoding.UTF8.GetString(row.Body.Span)} {row.SortIndex}"));
        Assert.All(rows, static row => Assert.Null(row.Expiry));
    }

    private static async Task<SyncStorageTally> RunAsync(OldSyncStorage old, TransferStore store, bool isDryRun = false, Func<IBucketStore, IBucketStore>? wrap = null)
    {
        await using var tokens = await SyncStorageDatabase.OpenAsync(old.Uri, "users", default);
        await using var storage = await SyncStorageDatabase.OpenAsync(old.Uri, SyncStorageDatabase.RecordsOf(old.Uri), default);
        var options = new SyncStorageOptions
        {
            Issuer = Issuer,
            Node = "https://one.example.org",
            IsDryRun = isDryRun,
            IsCollection = SyncNames.IsCollection,
            IsRecord = SyncNames.IsId,
        };
        var stores = store.Stores;
        return await new SyncStorageImport(tokens, storage, stores.Assignments, stores.Transfer, wrap is null ? stores.Buckets : wrap(stores.Buckets), options, TimeProvider.System).RunAsync(static _ => { }, default);
    }
}

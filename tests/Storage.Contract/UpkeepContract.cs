using System.Text;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Upkeep;
using Lockstep.Storage.Upkeep.Check;
using Lockstep.Storage.Upkeep.Restored;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What commands that go through a whole database find and change there. Each engine inherits it.</summary>
public abstract class UpkeepContract : IAsyncLifetime
{
    private const string Global = """{"syncID":"aaaaaaaaaaaa","storageVersion":5,"engines":{"tabs":{"version":1,"syncID":"bbbbbbbbbbbb"}}}""";

    private static readonly Caller Alice = new(new PrincipalSet("account:alice") { Account = new AccountRef(7, ServerTimestamp.Zero) }, BucketAccess.ByAcl);
    private static readonly Caller Own = new(new PrincipalSet("account:owner") { Account = new AccountRef(17, ServerTimestamp.Zero) }, BucketAccess.Own);
    private static readonly BucketId Team = BucketId.Named("team");
    private static readonly BucketId Personal = BucketId.DefaultBucket("alice");
    private static readonly BucketId Sync = BucketId.SyncStorage("8");
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");
    private static readonly ListRef Meta = ListRef.RecordsOf("meta");

    private readonly FakeTime time = new();
    private InProcessBuckets? owners;

    /// <summary>Begins to use the database as a server does.</summary>
    protected abstract Task<(IBucketStore Store, IAttachmentStore Files)> StartAsync();

    /// <summary>Ends that.</summary>
    protected abstract Task StopAsync();

    /// <summary>A connection of its own.</summary>
    protected abstract Task<UpkeepDatabase> OpenAsync();

    public abstract Task InitializeAsync();

    public virtual async Task DisposeAsync()
    {
        owners?.Dispose();
        await StopAsync();
    }

    // What is damaged, by which statement, and what is found. Where it cannot be repaired: what undoes it.
    private static readonly (string Sql, FindingKind Kind, string Where, string? Undo)[] Damage =
    [
        ("UPDATE lists SET count = count + 1 WHERE name = 'tasks' AND role = 0 AND bucket = (SELECT bucket FROM buckets WHERE id = 'b:team')", FindingKind.Count, "bucket b:team, collection 'tasks'", null),
        ("UPDATE lists SET bytes = bytes - 1 WHERE name = 'tabs' AND role = 0", FindingKind.Bytes, "bucket s:8, collection 'tabs'", null),
        ("UPDATE lists SET bytes = bytes + 1 WHERE role = 10", FindingKind.Bytes, "bucket u:alice, files of collection 'tasks'", null),
        ("UPDATE lists SET rows_modified = rows_modified - 1000000 WHERE role = 3", FindingKind.Stamp, "bucket b:team, its groups", null),
        ("UPDATE buckets SET clock = 5 WHERE id = 'b:team'", FindingKind.Stamp, "bucket b:team", null),
        ("UPDATE lists SET next_expiry = NULL WHERE name = 'tabs' AND role = 0", FindingKind.Expiry, "bucket s:8, collection 'tabs'", null),
        ("UPDATE buckets SET next_key = 1 WHERE id = 's:8'", FindingKind.Key, "bucket s:8", null),
        ("INSERT INTO orphans (bucket, list) SELECT bucket, list FROM lists WHERE name = 'tabs' AND role = 0", FindingKind.Removal, "bucket s:8", null),
        ("DELETE FROM grants WHERE relation = 1 AND principal = 'account:bob#9'", FindingKind.Access, "bucket b:team, its groups", null),
        ("UPDATE grants SET stamp = stamp - 1 WHERE relation = 0 AND id = 'milk'", FindingKind.Access, "bucket b:team, collection 'tasks'", null),
        ("INSERT INTO grants (bucket, list, relation, principal, id, stamp) SELECT bucket, list, 0, 'account:eve#6', 'milk', 1 FROM lists WHERE name = 'tasks' AND role = 0 AND bucket = (SELECT bucket FROM buckets WHERE id = 'b:team')", FindingKind.Access, "bucket b:team, collection 'tasks'", null),
        ("UPDATE lists SET acl = NULL WHERE name = 'tasks' AND role = 0 AND bucket = (SELECT bucket FROM buckets WHERE id = 'b:team')", FindingKind.Access, "bucket b:team, collection 'tasks'", null),
        ("DELETE FROM field_keys WHERE id = 'bread'", FindingKind.FieldIndex, "bucket u:alice, collection 'tasks'", null),
        ("INSERT INTO records (bucket, list, id, modified, deleted, body) SELECT bucket, 999, 'x', 1, (1 = 0), body FROM records WHERE id = 'global'", FindingKind.Orphan, "bucket s:8", "DELETE FROM records WHERE list = 999"),
        ("INSERT INTO records (bucket, list, id, modified, deleted, body) SELECT 999999, 1, 'x', 1, (1 = 0), body FROM records WHERE id = 'global'", FindingKind.Orphan, "bucket row 999999", "DELETE FROM records WHERE bucket = 999999"),
        ("INSERT INTO closed_accounts (number) VALUES (7)", FindingKind.Account, "bucket b:team", "DELETE FROM closed_accounts"),
        ("INSERT INTO account_logins (account, name, password, email) VALUES (99, 'n', 'p', 'e')", FindingKind.Account, "account 99", "DELETE FROM account_logins"),
        ("UPDATE attachments SET size = size + 1", FindingKind.File, "bucket u:alice, collection 'tasks', record 'photo'", "UPDATE attachments SET size = size - 1"),
        ("UPDATE attachments SET id = 'f2'", FindingKind.File, "bucket u:alice, collection 'tasks', record 'photo'", "UPDATE attachments SET id = 'f1'"),
    ];

    [Fact]
    public async Task Check_FindsNothingInWhatServersWrite_AndEachDamageWhereItIs_AndRepairsWhatFollows()
    {
        await WriteAsync();
        await EndAsync();
        await using var database = await OpenAsync();
        Assert.Empty(await CheckAsync(database, repairs: false));

        foreach (var (sql, kind, where, undo) in Damage)
        {
            if (sql.Contains("SET id = 'f2'", StringComparison.Ordinal) && !database.Dialect.NamesParameters)
            {
                // PostgreSQL does not let the pieces lose their file.
                continue;
            }

            Assert.True(await database.ExecuteAsync(sql, default) > 0, sql);

            var found = await CheckAsync(database, repairs: false);

            // Files that lie in the database have two sides.
            Assert.All(found, one => Assert.True((one.Kind, one.Where.StartsWith(where, StringComparison.Ordinal) || one.Where.StartsWith("file ", StringComparison.Ordinal)) == (kind, true), $"{sql}: {one}"));
            Assert.Contains(found, one => one.Where == where);
            if (kind != FindingKind.File)
            {
                Assert.Single(found);
            }

            if (undo is null)
            {
                Assert.All(found, static one => Assert.Equal(RepairState.Possible, one.Repair));
                Assert.All(await CheckAsync(database, repairs: true), static one => Assert.Equal(RepairState.Done, one.Repair));
            }
            else
            {
                Assert.All(await CheckAsync(database, repairs: true), static one => Assert.Equal(RepairState.None, one.Repair));
                await database.ExecuteAsync(undo, default);
            }

            Assert.True((await CheckAsync(database, repairs: false)).Count == 0, $"{sql}: it was not repaired.");
        }
    }

    /// <summary>What a newer program has made is its own affair.</summary>
    [Fact]
    public async Task Check_OfABucketWhoseKindIsNotKnown_SaysNothing_AndRepairsNothing()
    {
        await WriteAsync();
        await EndAsync();
        await using var database = await OpenAsync();
        await database.ExecuteAsync("UPDATE lists SET next_expiry = NULL, bytes = bytes - 1 WHERE name = 'tabs' AND role = 0", default);
        Assert.Equal(2, (await CheckAsync(database, repairs: false)).Count);

        await database.ExecuteAsync("UPDATE buckets SET kind = 3 WHERE id = 's:8'", default);

        Assert.Empty(await CheckAsync(database, repairs: true));
        Assert.Equal(1, await database.NumberAsync("SELECT count(*) FROM lists WHERE name = 'tabs' AND role = 0 AND next_expiry IS NULL", default));
    }

    [Fact]
    public async Task Check_FindsAMarkOfADisabledAccount_OnceItIsEnabledWithoutIt()
    {
        await WriteAsync();
        await EndAsync();
        await using var database = await OpenAsync();
        await database.ExecuteAsync("INSERT INTO accounts (number, name, password, modified, disabled) VALUES (7, 'alice', 'hash', 1, (1 = 1))", default);
        await database.ExecuteAsync("INSERT INTO closed_accounts (number, disabled) VALUES (7, (1 = 1))", default);

        Assert.Empty(await CheckAsync(database, repairs: false));

        await database.ExecuteAsync("UPDATE accounts SET disabled = (1 = 0)", default);
        var found = Assert.Single(await CheckAsync(database, repairs: false));
        Assert.Equal((FindingKind.Account, "account 7"), (found.Kind, found.Where));
    }

    [Fact]
    public async Task Check_BesideAServer_MayLook_AndOnPostgresMayNotRepair()
    {
        await WriteAsync();
        await using var database = await OpenAsync();

        Assert.Empty(await CheckAsync(database, repairs: false));
        if (database.Dialect.CountServers is not null)
        {
            await Assert.ThrowsAsync<UpkeepException>(() => CheckAsync(database, repairs: true));
            await Assert.ThrowsAsync<UpkeepException>(() => new RestoredStamps(database, new ServerTimestamp(1), static _ => null).RunAsync(default));
        }
    }

    [Fact]
    public async Task Restored_ReadersOfEveryList_StartOver_AlsoOfThoseThatTheBackupHasNot()
    {
        await WriteAsync();
        var before = await ListAsync(Personal, Own, since: null);
        await EndAsync();
        var least = ServerTimestamp.Now(time).Plus(30_000);

        // Once more does no harm.
        await RunRestoredAsync(least);
        var counts = await RunRestoredAsync(least.Plus(10));
        least = least.Plus(10);
        Assert.Equal((2L, 1L, 1L), (counts.Kinto, counts.Sync, counts.Reset));
        await using (var database = await OpenAsync())
        {
            Assert.Empty(await CheckAsync(database, repairs: false));
        }

        // What a device may have: the list's stamp, or a later one, up to the least that is given from now on.
        foreach (var since in new[] { before.ListStamp, least.Plus(-1) })
        {
            var told = await ListAsync(Personal, Own, since);
            Assert.Empty(told.Records);
            Assert.True(told.ListStamp >= least && told.ListStamp > since);
            var again = await ListAsync(Personal, Own, told.ListStamp);
            Assert.Equal(Stamps(before), Stamps(again));
            Assert.Empty((await ListAsync(Personal, Own, again.ListStamp)).Records);

            // A collection, and a bucket, that came after the backup.
            foreach (var (bucket, list) in new[] { (Personal, ListRef.RecordsOf("new")), (BucketId.DefaultBucket("newcomer"), Tasks) })
            {
                var empty = await ListAsync(bucket, Own, since, list);
                Assert.Empty(empty.Records);
                Assert.True(empty.ListStamp >= least && empty.ListStamp > since);
            }
        }

        // The next write is later than all of that, in a bucket that is there and in one that is not.
        var told2 = await ListAsync(Personal, Own, since: null);
        foreach (var bucket in new[] { Personal, BucketId.DefaultBucket("newcomer") })
        {
            Assert.True((await DoAsync<RecordWritten>(bucket, Own, new PutRecord(ObjectRef.Record("tasks", "later"), "{}"u8.ToArray()))).Record.Modified > told2.ListStamp);
        }

        // Whose bucket it is stays known.
        Assert.IsType<PageFound>((await ExecuteAsync(Team, Alice, new ListRecords(Tasks, new ListQuery { Limit = 10 })))[0]);
    }

    [Fact]
    public async Task Restored_StorageOfSync_HasNewStamps_AndNewIdsByWhichDevicesStartOver_AndAllItsRecords()
    {
        await WriteAsync();
        var (_, tabs) = await SyncAsync("tabs");
        await EndAsync();
        var least = ServerTimestamp.Now(time).Plus(30_000);

        await RunRestoredAsync(least);

        var (lists, same) = await SyncAsync("tabs");
        Assert.All(lists.Lists, list => Assert.True(list.Stamp >= least && list.Stamp.Milliseconds % 10 == 0));
        Assert.Equal(tabs, same);
        var (_, meta) = await SyncAsync("meta");
        Assert.Equal(("global", "renewed"), (meta[0].Id, meta[0].Text));
        Assert.True(meta[0].Modified >= least);

        // As Firefox writes: only if nothing has changed since it looked.
        var refused = (await ExecuteAsync(Sync, Own, new MergeRecords(ListRef.RecordsOf("tabs"), [new RecordChange("x") { Body = "1"u8.ToArray() }])
        {
            Precondition = new Precondition(PreconditionScope.List, PreconditionTest.UnmodifiedSince, least.Plus(-10)),
        }))[0];
        Assert.IsType<PreconditionFailed>(refused);
    }

    private async Task<RestoredCounts> RunRestoredAsync(ServerTimestamp least)
    {
        await using var database = await OpenAsync();
        return await new RestoredStamps(database, least, static body =>
            Encoding.UTF8.GetString(body.Span) is Global or "renewed" ? "renewed"u8.ToArray() : default(ReadOnlyMemory<byte>?)).RunAsync(default);
    }

    private static async Task<List<Finding>> CheckAsync(UpkeepDatabase database, bool repairs)
    {
        var (findings, progress) = (new List<Finding>(), new List<CheckProgress>());
        await new IntegrityCheck(database, database, files: null, repairs, findings.Add, progress.Add).RunAsync(default);
        Assert.True(progress[^1] is { Records: > 0 } last && last.Buckets == last.AllBuckets);
        return findings;
    }

    /// <summary>Something of everything: rights, groups, files, indexes, tombstones, records that expire.</summary>
    private async Task WriteAsync()
    {
        var files = (await StartAsync()).Files;
        await DoAsync<RecordWritten>(Team, Alice, new PutRecord(ObjectRef.Bucket, "{}"u8.ToArray()) { Access = Reads("account:dave#5") });
        await DoAsync<RecordWritten>(Team, Alice, new PutRecord(ObjectRef.Group("staff"), """{"members":["account:bob"]}"""u8.ToArray()) { Access = new AccessChange([]) { Accounts = ["account:bob#9"] } });
        await DoAsync<RecordWritten>(Team, Alice, new PutRecord(ObjectRef.Collection("tasks"), """{"a":1}"""u8.ToArray()) { Access = Reads("/buckets/team/groups/staff") });
        await DoAsync<RecordWritten>(Team, Alice, new PutRecord(ObjectRef.Record("tasks", "milk"), """{"a":1}"""u8.ToArray()) { Access = Reads("account:carol#8") });
        await DoAsync<RecordWritten>(Team, Alice, new PutRecord(ObjectRef.Record("tasks", "gone"), """{"a":2}"""u8.ToArray()) { Access = Reads("account:carol#8") });
        await DoAsync<RecordDeleted>(Team, Alice, new DeleteRecord(ObjectRef.Record("tasks", "gone")));

        await DoAsync<RecordWritten>(Personal, Own, new PutRecord(ObjectRef.Collection("tasks"), "{}"u8.ToArray()));
        foreach (var title in new[] { "bread", "milk" })
        {
            await DoAsync<RecordWritten>(Personal, Own, new PutRecord(ObjectRef.Record("tasks", title), Encoding.UTF8.GetBytes($$"""{"v":"{{title}}"}""")));
        }

        await files.AddAsync(new Attachment("f1", Personal, "tasks", "photo", ServerTimestamp.Now(time)) { FileName = "a.png", MediaType = "image/png" }, default);
        await ((IAttachmentContent)files).AppendAsync("f1", 0, new byte[] { 1, 2, 3 }, default);
        await files.EndAsync("f1", 3, "abc", default);
        await DoAsync<RecordWritten>(Personal, Own, new AttachFile(ObjectRef.Record("tasks", "photo"), """{"file":{"id":"f1"}}"""u8.ToArray(), 1_000) { File = "f1", FileBytes = 3, Until = ServerTimestamp.Now(time).Plus(1_000) });

        await Eventually.HoldsAsync("built", async () => (await DoAsync<FieldIndexesFound>(Personal, Own, new ReadFieldIndexes(Tasks))).Indexes is [{ IsUsable: true }]);

        await DoAsync<RecordsMerged>(Sync, Own, new MergeRecords(Meta, [new RecordChange("global") { Body = Encoding.UTF8.GetBytes(Global) }]));
        await DoAsync<RecordsMerged>(Sync, Own, new MergeRecords(ListRef.RecordsOf("tabs"), [new RecordChange("a") { Body = "tab"u8.ToArray(), Lifetime = 1_000 }, new RecordChange("b") { Body = "tab"u8.ToArray() }]));
    }

    private static IEnumerable<(string Id, ServerTimestamp Modified)> Stamps(PageFound page) => page.Records.Select(static record => (record.Id, record.Modified)).OrderBy(static one => one.Id, StringComparer.Ordinal);

    private static AccessChange Reads(string principal) => new([new AccessEdit(AccessEditKind.Set, Right.Read, [principal])]);

    private async Task<PageFound> ListAsync(BucketId bucket, Caller caller, ServerTimestamp? since, ListRef? list = null) =>
        await DoAsync<PageFound>(bucket, caller, new ListRecords(list ?? Tasks, new ListQuery { Since = since, Limit = 100 }));

    private async Task<(ListsFound Lists, List<(string Id, ServerTimestamp Modified, string Text)> Records)> SyncAsync(string collection)
    {
        var found = await ExecuteAsync(Sync, Own, new ReadLists(Exact: true), new ListRecords(ListRef.RecordsOf(collection), new ListQuery { Limit = 100 }));
        return (Assert.IsType<ListsFound>(found[0]), [.. Assert.IsType<PageFound>(found[1]).Records.Select(static record => (record.Id, record.Modified, Encoding.UTF8.GetString(record.Body.Span)))]);
    }

    private async Task<T> DoAsync<T>(BucketId bucket, Caller caller, Operation operation) => Assert.IsType<T>((await ExecuteAsync(bucket, caller, operation))[0]);

    private async Task<IReadOnlyList<Outcome>> ExecuteAsync(BucketId bucket, Caller caller, params Operation[] operations)
    {
        owners ??= new InProcessBuckets((await StartAsync()).Store, new BucketOptions(), time, declarations: new IndexedFields("v"), files: new PlainFileNames());
        return (await owners.Get(bucket).ExecuteAsync(new BucketRequest(caller, operations), default)).Outcomes;
    }

    /// <summary>Ends what remembers anything.</summary>
    private async Task EndAsync()
    {
        owners?.Dispose();
        owners = null;
        await StopAsync();
    }
}

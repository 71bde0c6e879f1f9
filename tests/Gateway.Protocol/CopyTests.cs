using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Logins;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Gateway.Protocol;

/// <summary>The command <c>copy</c>: what was in SQLite is in PostgreSQL, stamps and all.</summary>
public sealed class CopyTests : IAsyncLifetime
{
    private const string Reason = "Copies into PostgreSQL, which the other run has.";
    private static readonly Caller Caller = new(new("account:alice"), BucketAccess.Own);
    private readonly string directory = Directory.CreateTempSubdirectory("lockstep-test-").FullName;
    private LockstepOptions options = new();

    public async Task InitializeAsync()
    {
        if (PostgresServer.IsChosen)
        {
            options = new LockstepOptions
            {
                DataDirectory = directory,
                Postgres = new PostgresOptions { Connection = await PostgresServer.CreateEmptyDatabaseAsync() },
            };
        }
    }

    public async Task DisposeAsync()
    {
        if (options.Postgres.Connection is { } connection)
        {
            await PostgresServer.DropDatabaseAsync(connection);
        }

        Directory.Delete(directory, recursive: true);
    }

    [PostgresFact(Reason)]
    public async Task Copy_CutOffAgainAndAgain_EndsWithTheSameContents()
    {
        var ids = await FillAsync();
        var expected = await DescribeAsync(OnSqlite, ids);

        // :: Cut off after ever longer times.
        var cuts = 0;
        for (var patience = 5; ; patience += 40)
        {
            using var cut = new CancellationTokenSource(TimeSpan.FromMilliseconds(patience));
            try
            {
                var output = new StringWriter();
                Assert.Equal(0, await CopyCommand.RunAsync(options, output, cut.Token));
                Assert.Contains($"Done: {ids.Count:N0} buckets", output.ToString(), StringComparison.Ordinal);
                break;
            }
            catch (OperationCanceledException)
            {
                cuts++;
            }

            if (Equals(await PostgresServer.QueryAsync(options.Postgres.Connection!, "SELECT to_regclass('meta') IS NOT NULL AND EXISTS (SELECT FROM pg_class)"), true)
                && Equals(await PostgresServer.QueryAsync(options.Postgres.Connection!, "SELECT count(*) FROM meta WHERE name = 'copying'"), 1L))
            {
                var e = await Assert.ThrowsAsync<PostgresSetupException>(() => ServerStorage.OpenAsync(options, exclusive: true, _ => { }));
                Assert.Contains("'copy' again", e.Message, StringComparison.Ordinal);
            }
        }

        Assert.True(cuts >= 2, $"It was cut off {cuts} times.");
        Assert.Equal(expected, await DescribeAsync(options, ids));

        // :: Once it has ended, it is not begun again over what may have been written since.
        var again = await Assert.ThrowsAsync<PostgresSetupException>(() => CopyCommand.RunAsync(options, TextWriter.Null, default));
        Assert.Contains("ended before", again.Message, StringComparison.Ordinal);

        // :: Life goes on with the clock and the numbers of before.
        await using var storage = await ServerStorage.OpenAsync(options, exclusive: true, _ => { });
        var buckets = new InProcessBuckets(storage.Buckets, options.Buckets, TimeProvider.System);
        var before = (await storage.Buckets.LoadAsync(ids[0], claim: false, default))!.Clock;
        var written = Assert.IsType<RecordWritten>(await ExecuteAsync(buckets, ids[0], new PutRecord(ObjectRef.Record("tasks", "later"), "{}"u8.ToArray())));
        Assert.True(written.Record.Modified > before);
        Assert.Equal("hash-alice", (await storage.Accounts.FindAsync("alice", default))!.PasswordHash);
        Assert.Equal(3, (await storage.Accounts.AddAsync("carol", "hash", new ServerTimestamp(1), default))!.Number);
    }

    [PostgresFact(Reason)]
    public async Task Copy_IntoADatabaseThatHoldsSomething_OrIsInUse_IsRefused()
    {
        await FillAsync();
        await using (var storage = await ServerStorage.OpenAsync(options, exclusive: true, _ => { }))
        {
            var used = await Assert.ThrowsAsync<PostgresSetupException>(() => CopyCommand.RunAsync(options, TextWriter.Null, default));
            Assert.Contains("A server runs", used.Message, StringComparison.Ordinal);
            await storage.Accounts.AddAsync("somebody", "hash", new ServerTimestamp(1), default);
        }

        var full = await Assert.ThrowsAsync<PostgresSetupException>(() => CopyCommand.RunAsync(options, TextWriter.Null, default));
        Assert.Contains("empty one", full.Message, StringComparison.Ordinal);
    }

    [PostgresFact(Reason)]
    public async Task Copy_GoneOnWithAfterTheOriginChanged_HasTheOriginAsItIs()
    {
        var ids = await FillAsync();
        using (var cut = new CancellationTokenSource())
        {
            // Cut off after the first line of progress.
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CopyCommand.RunAsync(options, new CancellingWriter(cut), cut.Token));
        }

        await using (var storage = await ServerStorage.OpenAsync(OnSqlite, exclusive: true, _ => { }))
        {
            var buckets = new InProcessBuckets(storage.Buckets, options.Buckets, TimeProvider.System);
            await ExecuteAsync(buckets, ids[0], new DeleteRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 100 }));
            foreach (var name in new[] { "alice", "bob" })
            {
                var account = await storage.Accounts.BeginDeletionAsync(name, expected: null, default);
                await storage.Accounts.EndDeletionAsync(account!, $"account:{name}", default);
            }

            await storage.Accounts.AddAsync("bob", "hash-new", new ServerTimestamp(9), default);
            await storage.Accounts.AddAsync("carol", "hash", new ServerTimestamp(9), default);
            var carol = await storage.Accounts.BeginDeletionAsync("carol", expected: null, default);
            await storage.Accounts.EndDeletionAsync(carol!, "account:carol", default);
        }

        Assert.Equal(0, await CopyCommand.RunAsync(options, TextWriter.Null, default));

        Assert.Equal(await DescribeAsync(OnSqlite, ids), await DescribeAsync(options, ids));
        await using var copied = await ServerStorage.OpenAsync(options, exclusive: true, _ => { });
        Assert.Null(await copied.Accounts.FindAsync("alice", default));
        Assert.Equal((3, "hash-new"), (await copied.Accounts.FindAsync("bob", default)) is { } bob ? (bob.Number, bob.PasswordHash) : default);

        // Carol had 4. Whoever gets a number gets the default bucket that belongs to it.
        Assert.Equal(5, (await copied.Accounts.AddAsync("dave", "hash", new ServerTimestamp(9), default))!.Number);
    }

    [PostgresFact(Reason)]
    public async Task Copy_OfLogins_HasThemWithTheirAccounts()
    {
        AccountLogin alice, bob;
        await using (var storage = await ServerStorage.OpenAsync(OnSqlite, exclusive: true, _ => { }))
        {
            alice = (await storage.Logins.AddAsync(Login("alice") with { Email = "Alice@example.org", QuotaBytes = 5_000_000_000 }, invitation: null, new ServerTimestamp(5), default))!;
            var read = (await storage.Logins.AddAsync(Login("bob"), invitation: null, new ServerTimestamp(6), default))!;
            bob = (await storage.Logins.ChangeAsync(read, read with { ResetDigest = "digest", ResetExpires = new ServerTimestamp(7) }, default))!;
        }

        Assert.Equal(0, await CopyCommand.RunAsync(options, TextWriter.Null, default));

        await using var copied = await ServerStorage.OpenAsync(options, exclusive: true, _ => { });
        Assert.Equal(alice, await copied.Logins.FindAsync("alice", default));
        Assert.Equal(bob, await copied.Logins.FindAsync("bob", default));

        static AccountLogin Login(string name) => new(new Account(0, $"{name}@example.org", "", ServerTimestamp.Zero, IsBeingDeleted: false), name, "hash");
    }

    [PostgresFact(Reason)]
    public async Task Copy_OfQuotas_HasThem_AndTheStampOfTheLastChange()
    {
        QuotaList expected;
        await using (var storage = await ServerStorage.OpenAsync(OnSqlite, exclusive: true, _ => { }))
        {
            await storage.Quotas.PutAsync(new Quota(QuotaSubject.Parse("/buckets/team")!, 5_000_000_000, null), read: null, most: 10, new ServerTimestamp(5), default);
            var (_, removed) = await storage.Quotas.PutAsync(new Quota(QuotaSubject.Parse("/users/account:alice")!, null, 0), read: null, most: 10, new ServerTimestamp(6), default);
            await storage.Quotas.RemoveAsync(removed!, new ServerTimestamp(7), default);
            expected = await storage.Quotas.ListAsync(default);
        }

        Assert.Equal(0, await CopyCommand.RunAsync(options, TextWriter.Null, default));

        await using var copied = await ServerStorage.OpenAsync(options, exclusive: true, _ => { });
        var list = await copied.Quotas.ListAsync(default);
        Assert.Equal((new ServerTimestamp(7), 1), (expected.Stamp, expected.Quotas.Count));
        Assert.Equal(expected.Stamp, list.Stamp);
        Assert.Equal(expected.Quotas, list.Quotas);
    }

    [PostgresFact(Reason)]
    public async Task Copy_OfUsersStoresAndNodes_HasThemAll_AndGoesOnWithTheirNumbers()
    {
        // :: A user with two stores, one who is gone for good and whose data is, a closed account; nodes, one of them gone; invitations.
        var (alice, bob) = (new UserIdentity("issuer", "alice"), new UserIdentity("issuer", "bob"));
        var keys = new UserKeys(1, "aa", 2);
        long last;
        await using (var storage = await ServerStorage.OpenAsync(OnSqlite, exclusive: true, _ => { }))
        {
            var store = storage.Assignments;
            var kept = await store.PutNodeAsync("https://a.example.org", 100, isDown: false, isDraining: false, default);
            await store.PutNodeAsync("https://b.example.org", 50, isDown: true, isDraining: true, default);
            await store.PutNodeAsync("https://c.example.org", 50, isDown: false, isDraining: false, default);
            await store.RemoveNodeAsync("https://c.example.org", new(1), default);
            await store.ReleaseAsync(0.1, default);
            var first = await store.GiveAsync(alice, expected: null, keys, kept.Number, quotaBytes: null, new(100), default);
            await store.GiveAsync(alice, first, keys with { Fingerprint = "bb" }, node: 0, quotaBytes: 5_000_000_000, new(200), default);
            await storage.Accounts.CloseAsync(first!.Number, default);
            await store.NoteClosedAsync(first.Number, default);
            var gone = await store.GiveAsync(bob, expected: null, keys, node: 0, quotaBytes: null, new(100), default);
            await store.EndAsync(gone!, retire: true, new(200), default);
            await store.ForgetAsync(gone!.Number, default);
            var forgotten = await store.GiveAsync(new("issuer", "carol"), expected: null, keys, node: 0, quotaBytes: null, new(100), default);
            await store.EndAsync(forgotten!, retire: false, new(200), default);
            await store.ForgetAsync(last = forgotten!.Number, default);
            await store.AddInvitationAsync(new Invitation("taken", "note", 5, new(1_000), User: null), default);
            await store.TakeInvitationAsync("taken", alice, new(1), default);
            await store.AddInvitationAsync(new Invitation("free", "note", QuotaBytes: null, new(1_000), User: null), default);
            var buckets = new InProcessBuckets(storage.Buckets, options.Buckets, TimeProvider.System);
            await ExecuteAsync(buckets, BucketId.DefaultBucket("a"), new PutRecord(ObjectRef.Record("tasks", "a"), "{}"u8.ToArray()));
        }

        using (var cut = new CancellationTokenSource())
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CopyCommand.RunAsync(options, new CancellingWriter(cut), cut.Token));
        }

        Assert.Equal(0, await CopyCommand.RunAsync(options, TextWriter.Null, default));

        // :: All of it is there.
        Assert.Equal(await DescribeStoresAsync(OnSqlite), await DescribeStoresAsync(options));
        await using var copied = await ServerStorage.OpenAsync(options, exclusive: true, _ => { });
        var found = await copied.Assignments.FindAsync(alice, default);
        Assert.Equal((2, 5_000_000_000, true), (found.Count, found[0].QuotaBytes, found[1].IsClosed));
        Assert.Equal(alice, (await copied.Assignments.TakeInvitationAsync("taken", alice, new(1), default))!.User);
        Assert.Null(await copied.Assignments.GiveAsync(bob, expected: null, keys, node: 0, quotaBytes: null, new(300), default));

        // :: What was closed stays closed, and no number is given again.
        var heads = BucketHeads.Unwritten(BucketId.SyncStorage("1")) with { Version = 1, Clock = new(100), Exists = true };
        var commit = new BucketCommit(heads, Guid.NewGuid(), [], [], [], []) { Accounts = [found[1].Number] };
        Assert.Equal(CommitStatus.Closed, (await copied.Buckets.CommitAsync(commit)).Status);
        Assert.Equal(last + 1, (await copied.Assignments.GiveAsync(new("issuer", "dave"), expected: null, keys, node: 0, quotaBytes: null, new(300), default))!.Number);
        Assert.Equal(last + 2, (await copied.Accounts.AddAsync("eve", "hash", new ServerTimestamp(1), default))!.Number);
        Assert.Equal(4, (await copied.Assignments.PutNodeAsync("https://d.example.org", 1, isDown: false, isDraining: false, default)).Number);

        async Task<string> DescribeStoresAsync(LockstepOptions options)
        {
            await using var storage = await ServerStorage.OpenAsync(options, exclusive: true, _ => { });
            return string.Join(
                '\n',
                [
                    .. (await storage.Assignments.FindAsync(alice, default)).Select(static one => one.ToString()),
                    .. (await storage.Assignments.FindAsync(bob, default)).Select(static one => one.ToString()),
                    .. (await storage.Assignments.ListReplacedAsync(new(1_000), 0, 100, default)).Select(static one => one.ToString()),
                    .. (await storage.Assignments.ListNodesAsync(default)).Select(static one => one.ToString()),
                    .. (await storage.Assignments.ListInvitationsAsync(default)).Select(static one => one.ToString()),
                ]);
        }
    }

    /// <summary>Declared there, they are built here.</summary>
    [PostgresFact(Reason)]
    public async Task Copy_OfIndexes_HasThem_AndTheyAreBuilt()
    {
        var (id, list) = (BucketId.DefaultBucket("a"), ListRef.RecordsOf("tasks"));
        await using (var storage = await ServerStorage.OpenAsync(OnSqlite, exclusive: true, _ => { }))
        {
            using var buckets = new InProcessBuckets(storage.Buckets, options.Buckets, TimeProvider.System, declarations: new IndexedFields("n"));
            await ExecuteAsync(buckets, id, new PutRecord(ObjectRef.Collection("tasks"), "{}"u8.ToArray()));
            await ExecuteAsync(buckets, id, new PutRecord(ObjectRef.Record("tasks", "a"), """{"n":7}"""u8.ToArray()));
        }

        Assert.Equal(0, await CopyCommand.RunAsync(options, TextWriter.Null, default));

        await using var copied = await ServerStorage.OpenAsync(options, exclusive: true, _ => { });
        using var there = new InProcessBuckets(copied.Buckets, options.Buckets, TimeProvider.System, declarations: new IndexedFields("n"));
        var query = new ListRecords(list, new ListQuery { Limit = 10, Fields = [new FieldFilter("n", FieldTest.Equal, "7")] });
        Assert.Single(Assert.IsType<PageFound>(await ExecuteAsync(there, id, query)).Records);
        await Eventually.HoldsAsync("built", async () => Assert.IsType<FieldIndexesFound>(await ExecuteAsync(there, id, new ReadFieldIndexes(list))).Indexes.All(static index => index.IsUsable));
        Assert.Equal(1L, await PostgresServer.QueryAsync(options.Postgres.Connection!, "SELECT count(*) FROM field_keys"));
        Assert.Single(Assert.IsType<PageFound>(await ExecuteAsync(there, id, query)).Records);
    }

    [PostgresFact(Reason)]
    public async Task Copy_OfFiles_HasThem_WithWhatIsInThem_AgainAfterOneThatWasCutOff()
    {
        var file = new Attachment("f1", BucketId.Named("team"), "tasks", "milk", new ServerTimestamp(7)) { FileName = "ä.txt", MediaType = "text/plain" };
        var pieces = new[] { Enumerable.Repeat((byte)1, IAttachmentContent.PieceBytes).ToArray(), [2, 3] };
        await using (var storage = await ServerStorage.OpenAsync(OnSqlite, exclusive: true, _ => { }))
        {
            await storage.Attachments.AddAsync(file, default);
            await storage.Attachments.AddAsync(file with { Id = "f2" }, default);
            await storage.Content.AppendAsync("f1", 0, pieces[0], default);
            await storage.Content.AppendAsync("f1", 1, pieces[1], default);
            await storage.Attachments.EndAsync("f1", IAttachmentContent.PieceBytes + 2, "abc", default);
        }

        Assert.Equal(0, await CopyCommand.RunAsync(options, TextWriter.Null, default));
        await PostgresServer.QueryAsync(options.Postgres.Connection!, "INSERT INTO meta (name, value) SELECT 'copying', value FROM meta WHERE name = 'cluster' RETURNING 1");
        Assert.Equal(0, await CopyCommand.RunAsync(options, TextWriter.Null, default));

        await using var copied = await ServerStorage.OpenAsync(options, exclusive: true, _ => { });
        Assert.Equal(file with { Size = IAttachmentContent.PieceBytes + 2, Hash = "abc" }, Assert.Single(await copied.Attachments.ListAsync(new ServerTimestamp(long.MaxValue), 10, default)));
        Assert.Equal(pieces[0], (await copied.Content.ReadAsync("f1", 0, default))!.Value.ToArray());
        Assert.Equal(pieces[1], (await copied.Content.ReadAsync("f1", 1, default))!.Value.ToArray());
        Assert.Null(await copied.Content.ReadAsync("f1", 2, default));
    }

    [PostgresFact(Reason)]
    public async Task Copy_OfFilesInADirectoryAndInTheDatabase_HasBoth_AndEndsWhereOneIsNotWhole()
    {
        var elsewhere = Directory.CreateTempSubdirectory("lockstep-files-");
        try
        {
            var (file, there) = (new Attachment("f1", BucketId.Named("team"), "tasks", "milk", new ServerTimestamp(7)) { FileName = "a", MediaType = "text/plain" }, DirectoryContent.Open(elsewhere.FullName));
            var both = options with { Kinto = options.Kinto with { Attachments = new() { Directory = elsewhere.FullName } } };
            await using (var storage = await ServerStorage.OpenAsync(OnSqlite, exclusive: true, _ => { }))
            {
                foreach (var (id, content) in new[] { ("f1", there), ("f2", storage.Content) })
                {
                    await storage.Attachments.AddAsync(file with { Id = id }, default);
                    await content.AppendAsync(id, 0, new byte[] { 1, 2 }, default);
                    await storage.Attachments.EndAsync(id, 2, "abc", default);
                }
            }

            File.WriteAllBytes(Path.Combine(elsewhere.FullName, "f1", "f1"), [1]);
            var output = new StringWriter();
            Assert.Equal(1, await CopyCommand.RunAsync(both, output, default));
            Assert.Contains("Of the file f1 of 'milk' in 'tasks' of ", output.ToString(), StringComparison.Ordinal);
            Assert.Contains("there are 1 bytes, and should be 2.", output.ToString(), StringComparison.Ordinal);

            File.WriteAllBytes(Path.Combine(elsewhere.FullName, "f1", "f1"), [1, 2]);
            Assert.Equal(0, await CopyCommand.RunAsync(both, TextWriter.Null, default));
            Assert.Equal(2L, await PostgresServer.QueryAsync(options.Postgres.Connection!, "SELECT count(*) FROM attachment_pieces WHERE content = '\\x0102'"));
        }
        finally
        {
            elsewhere.Delete(recursive: true);
        }
    }

    [PostgresFact(Reason)]
    public async Task Copy_OfAnIndexedBucketThatChangedSinceItWasCopied_HasItAsItIs()
    {
        var (id, list) = (BucketId.DefaultBucket("a"), ListRef.RecordsOf("tasks"));
        await WriteAsync(new PutRecord(ObjectRef.Collection("tasks"), "{}"u8.ToArray()));

        // As a run that was cut off behind this bucket leaves it.
        Assert.Equal(0, await CopyCommand.RunAsync(options, TextWriter.Null, default));
        await PostgresServer.QueryAsync(options.Postgres.Connection!, "INSERT INTO meta (name, value) SELECT 'copying', value FROM meta WHERE name = 'cluster' RETURNING 1");
        await WriteAsync(new PutRecord(ObjectRef.Record("tasks", "a"), """{"n":7}"""u8.ToArray()));

        Assert.Equal(0, await CopyCommand.RunAsync(options, TextWriter.Null, default));

        await using var copied = await ServerStorage.OpenAsync(options, exclusive: true, _ => { });
        var heads = await copied.Buckets.LoadAsync(id, claim: false, default);
        Assert.Equal(1, heads![list].Count);
        Assert.Equal("n", Assert.Single(heads[list].Indexes).Path);

        async Task WriteAsync(Operation operation)
        {
            await using var storage = await ServerStorage.OpenAsync(OnSqlite, exclusive: true, _ => { });
            using var buckets = new InProcessBuckets(storage.Buckets, options.Buckets, TimeProvider.System, declarations: new IndexedFields("n"));
            Assert.IsType<RecordWritten>(await ExecuteAsync(buckets, id, operation));
        }
    }

    [PostgresFact(Reason)]
    public async Task Copy_OfNothing_IsRefused()
    {
        var output = new StringWriter();

        Assert.Equal(1, await CopyCommand.RunAsync(options, output, default));

        Assert.Contains("There is no database", output.ToString(), StringComparison.Ordinal);
        var missing = Path.Combine(options.DataDirectory, "missing");
        Assert.Equal(1, await CopyCommand.RunAsync(options with { DataDirectory = missing }, output, default));
        Assert.Contains(missing, output.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(missing), "It was made.");
    }

    /// <summary>Cancels when something is written to it.</summary>
    private sealed class CancellingWriter(CancellationTokenSource cut) : StringWriter
    {
        public override void WriteLine(string? value) => cut.Cancel();
    }

    private LockstepOptions OnSqlite => options with { Postgres = new PostgresOptions() };

    private static async Task<Outcome> ExecuteAsync(InProcessBuckets buckets, BucketId id, params Operation[] operations)
    {
        var outcomes = (await buckets.Get(id).ExecuteAsync(new BucketRequest(Caller, operations), default)).Outcomes;
        Assert.DoesNotContain(outcomes, outcome => outcome is Unavailable);
        return outcomes[^1];
    }

    /// <summary>Many small buckets, a large one, tombstones, a deleted collection, a deleted bucket, a large record, accounts.</summary>
    private async Task<List<BucketId>> FillAsync()
    {
        await using var storage = await ServerStorage.OpenAsync(OnSqlite, exclusive: true, _ => { });
        await storage.Accounts.AddAsync("alice", "hash-alice", new ServerTimestamp(5), default);
        await storage.Accounts.AddAsync("bob", "hash-bob", new ServerTimestamp(6), default);
        var buckets = new InProcessBuckets(storage.Buckets, options.Buckets, TimeProvider.System);
        var ids = Enumerable.Range(0, 500).Select(i => BucketId.DefaultBucket($"user{i}")).ToList();
        await Task.WhenAll(ids.Select(id => Task.Run(() => ExecuteAsync(
            buckets, id,
            [
                .. Enumerable.Range(0, 5).Select(i => new PutRecord(ObjectRef.Record("tasks", $"r{i}"), Encoding.UTF8.GetBytes($$"""{"n":{{i}},"of":"{{id}}"}"""))),
                new DeleteRecord(ObjectRef.Record("tasks", "r3")),
            ]))));
        for (var i = 0; i < 10; i++)
        {
            await ExecuteAsync(buckets, ids[0], [.. Enumerable.Range(0, 500).Select(j => new PutRecord(ObjectRef.Record("many", $"m{i}-{j}"), new byte[300]))]);
        }

        await ExecuteAsync(buckets, ids[1], new PutRecord(ObjectRef.Record("gone", "a"), "{}"u8.ToArray()), new DeleteRecord(ObjectRef.Collection("gone")));
        await ExecuteAsync(buckets, ids[2], new DeleteRecord(ObjectRef.Bucket));
        await ExecuteAsync(buckets, ids[3], new PutRecord(ObjectRef.Record("large", "a"), new byte[1 << 20]));
        return ids;
    }

    /// <summary>Everything that an answer is made of, as text.</summary>
    private static async Task<string> DescribeAsync(LockstepOptions options, IReadOnlyList<BucketId> ids)
    {
        await using var storage = await ServerStorage.OpenAsync(options, exclusive: true, _ => { });
        var text = new StringBuilder(Convert.ToHexString(storage.Secret.Span));
        foreach (var id in ids)
        {
            var heads = (await storage.Buckets.LoadAsync(id, claim: false, default))!;
            text.AppendLine().Append(heads with { Row = 0, Lease = 0, Incarnation = 0, Lists = heads.Lists.Clear() });
            foreach (var list in heads.Lists.Values.OrderBy(list => list.List.Role).ThenBy(list => list.List.Name, StringComparer.Ordinal))
            {
                text.AppendLine().Append(list);
                var all = new ListQuery { Limit = 0, Since = ServerTimestamp.Zero };
                foreach (var record in (await storage.Buckets.ScanAsync(new RecordScan(heads.Key, list.Key, all, 100_000, long.MaxValue), default)).Records)
                {
                    text.AppendLine().Append(record with { Body = default }).Append(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(record.Body.Span)));
                }
            }
        }

        return text.ToString();
    }
}

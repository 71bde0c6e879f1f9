using System.Net;
using System.Text;
using Lockstep.Storage.PostgreSql.Testing;
using Lockstep.Testing;
using Npgsql;

namespace Lockstep.EndToEnd.FromKinto;

/// <summary><c>kinto import</c>: what a Kinto keeps comes here, and devices go on with the stamps that they have.</summary>
public sealed class ImportTests : IAsyncLifetime
{
    // Of another implementation of bcrypt than is used here.
    private const string Hash = "$2b$04$abcdefghijklmnopqrstuuX.puQ0.3yJfaGNmWHm9L1wX2vQGTcRa";
    private const string Password = "s3cr3t!";
    private const string Alice = "account:alice";

    private static readonly string Default = OldKinto.DefaultBucketOf(Alice);

    private readonly TemporaryDirectory directory = new();
    private TestStorage storage = null!;

    private string SecretFile => Path.Combine(directory.Path, "secret");

    public async Task InitializeAsync()
    {
        storage = await TestStorage.CreateAsync();
        await File.WriteAllTextAsync(SecretFile, OldKinto.Secret + "\n");
    }

    public async Task DisposeAsync()
    {
        await storage.DisposeAsync();
        directory.Dispose();
    }

    [KintoFact]
    public async Task Everything_IsHere_WithItsStamps_AndRights_AndDevicesGoOn()
    {
        var t = OldKinto.Earlier;
        await using var kinto = await OldKinto.CreateAsync();
        await FillAsync(kinto);

        // As Python's hmac and uuid have it.
        Assert.Equal("dbb78fa3-c01c-c6ab-c48d-4ff98211d200", Default);

        var (code, output) = await ImportAsync(kinto);

        Assert.True(code == 0, output);
        Assert.Contains("Accounts: 3 there; 3 imported, 0 here before, 0 left out, 0 of nobody.", output, StringComparison.Ordinal);
        Assert.Contains("Buckets: 2 there; 2 imported, 0 here before, 0 left out, 0 of nobody.", output, StringComparison.Ordinal);
        Assert.Contains("Collections: 3 there; 3 imported,", output, StringComparison.Ordinal);
        Assert.Contains("Groups: 1 there; 1 imported,", output, StringComparison.Ordinal);
        Assert.Contains("Records: 2,254 there; 2,253 imported, 0 here before, 0 left out, 1 of nobody.", output, StringComparison.Ordinal);
        Assert.Contains("Tombstones: 252 there; 252 imported,", output, StringComparison.Ordinal);
        Assert.Contains("history: 1 of these are there", output, StringComparison.Ordinal);

        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            // The default bucket: a device that has seen all gets nothing, one that has not gets what it has missed.
            using var alice = new KintoUser(address, "alice", Password);
            var tasks = "/buckets/default/collections/tasks/records";
            var newest = t + 2_499;
            Assert.Equal((0, newest), Counted(await alice.ListAsync($"{tasks}?_since={newest}")));
            var (missed, _) = await alice.ListAsync($"{tasks}?_since={t + 2_488}");
            Assert.Equal([$"-r002489@{t + 2_489}", $"-r002499@{newest}", .. Enumerable.Range(2_490, 9).Select(n => $"r{n:D6}@{t + n}")], missed);
            Assert.Equal((2_250, newest), Counted(await alice.ListAsync(tasks)));
            Assert.Equal("of 17", (await alice.SendAsync(HttpMethod.Get, $"{tasks}/r000017")).Body.GetProperty("data").GetProperty("title").GetString());

            // Written next is what comes next.
            var (created, _, _) = await alice.SendAsync(HttpMethod.Put, $"{tasks}/new", """{"data":{"title":"new"}}""");
            Assert.Equal(HttpStatusCode.Created, created);
            var (changed, stamp) = await alice.ListAsync($"{tasks}?_since={newest}");
            Assert.Equal([$"new@{stamp}"], changed);
            Assert.True(stamp > newest);

            // A list in which nothing is has the stamp that it had.
            Assert.Equal((0, t + 77), Counted(await alice.ListAsync("/buckets/team/collections/empty/records")));

            // Groups and rights.
            using var bob = new KintoUser(address, "bob", Password);
            using var carol = new KintoUser(address, "carol", Password);
            Assert.Equal([$"one@{t + 31}", $"theirs@{t + 33}", $"two@{t + 32}"], (await bob.ListAsync("/buckets/team/collections/notes/records")).Objects);
            Assert.Equal(HttpStatusCode.Forbidden, await bob.StatusAsync("/buckets/team"));
            Assert.Equal([$"two@{t + 32}"], (await carol.ListAsync("/buckets/team/collections/notes/records")).Objects);
            Assert.Equal(HttpStatusCode.Forbidden, await carol.StatusAsync("/buckets/team/collections/empty/records"));
            Assert.Equal(HttpStatusCode.OK, (await carol.SendAsync(HttpMethod.Patch, "/buckets/team/collections/notes/records/two", """{"data":{"by":"carol"}}""")).Status);
            Assert.Equal($"collection:create: {Alice}; write: {Alice}", await alice.RightsAsync("/buckets/team"));
            Assert.Equal($"read: /buckets/team/groups/staff; record:create: system.Authenticated; write: {Alice}", await alice.RightsAsync("/buckets/team/collections/notes"));
            Assert.Equal($"write: {Alice}", await alice.RightsAsync("/buckets/team/collections/notes/records/one"));
            Assert.Equal("read: corp:f81d; write: account:carol", await alice.RightsAsync("/buckets/team/collections/notes/records/two"));
            Assert.Equal("write: account:bob", await alice.RightsAsync("/buckets/team/collections/notes/records/theirs"));
            Assert.Equal(HttpStatusCode.Forbidden, await bob.StatusAsync($"/buckets/{Default}"));
            Assert.Contains($"team@{t + 10}", (await alice.ListAsync("/buckets")).Objects);

            // Out of the group is out of its rights.
            Assert.Equal(HttpStatusCode.OK, (await alice.SendAsync(HttpMethod.Patch, "/buckets/team/groups/staff", """{"data":{"members":[]}}""")).Status);
            Assert.Equal([$"theirs@{t + 33}"], (await bob.ListAsync("/buckets/team/collections/notes/records")).Objects);

            // The password is one of today, which can be changed, and a wrong one is wrong.
            using var wrong = new KintoUser(address, "alice", "s3cr3t?");
            Assert.Equal(HttpStatusCode.Unauthorized, await wrong.StatusAsync("/buckets/default"));
            Assert.Equal(HttpStatusCode.OK, (await alice.SendAsync(HttpMethod.Patch, "/accounts/alice", """{"data":{"password":"another one"}}""")).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, await alice.StatusAsync("/buckets/default"));
            using var again = new KintoUser(address, "alice", "another one");
            Assert.Equal(HttpStatusCode.OK, await again.StatusAsync("/buckets/default"));
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        // Once more: all of it is left as it is.
        (code, output) = await ImportAsync(kinto);
        Assert.True(code == 0, output);
        Assert.Contains("Accounts: 3 there; 0 imported, 3 here before, 0 left out, 0 of nobody.", output, StringComparison.Ordinal);
        Assert.Contains("Buckets: 2 there; 0 imported, 2 here before,", output, StringComparison.Ordinal);
        Assert.Contains("Records: 2,254 there; 0 imported, 2,253 here before, 0 left out, 1 of nobody.", output, StringComparison.Ordinal);
    }

    [KintoFact]
    public async Task Import_ThatIsKilled_AndRunAgain_BringsEverything()
    {
        const int records = 60_000;
        await using var kinto = await OldKinto.CreateAsync();
        await kinto.AddAccountAsync("alice", Hash);
        await kinto.AddBucketAsync("big", Alice, OldKinto.Earlier);
        await kinto.AddCollectionAsync("big", "c", Alice, OldKinto.Earlier);
        await kinto.AddRecordsAsync("big", "c", Alice, records);
        using (var killed = new ProgramProcess([.. ServerProgram.Command(ServerProgram.Or(Path.Combine(AppContext.BaseDirectory, "lockstep.dll"))), .. Command(kinto)], storage.Environment))
        {
            await killed.SaysAsync(" of 54,000 records");
            killed.Kill();
            await killed.EndAsync();
        }

        var (code, output) = await ImportAsync(kinto);

        Assert.True(code == 0, output);
        Assert.Contains("Tombstones: 6,000 there;", output, StringComparison.Ordinal);
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            using var alice = new KintoUser(address, "alice", Password);
            for (var n = 0; n < records; n += 10_000)
            {
                var (page, _) = await alice.ListAsync($"/buckets/big/collections/c/records?gt_last_modified={OldKinto.Earlier + n - 1}&lt_last_modified={OldKinto.Earlier + n + 1_000}&_sort=last_modified");
                Assert.Equal(
                    Enumerable.Range(n, 1_000).Select(i => $"{(i % 10 == 9 ? "-" : "")}r{i:D6}@{OldKinto.Earlier + i}").Order(StringComparer.Ordinal),
                    page);
            }

            Assert.Equal((0, OldKinto.Earlier + records - 1), Counted(await alice.ListAsync($"/buckets/big/collections/c/records?_since={OldKinto.Earlier + records - 1}")));
        }
    }

    [KintoFact]
    public async Task WhatCannotCome_IsNamed_AndNothingOfOthersIsTouched()
    {
        var t = OldKinto.Earlier;
        await using var kinto = await OldKinto.CreateAsync();
        await kinto.AddAccountAsync("alice", Hash);
        await kinto.AddAccountAsync("bob", Hash);
        await kinto.AddAccountAsync("carol", "$1$not-of-bcrypt");
        await kinto.AddBucketAsync("shop", "account:bob", t + 1);
        await kinto.AddBucketAsync("lent", "account:bob", t + 2);
        await kinto.AllowAsync("/buckets/lent", "read", Alice);
        await kinto.AllowAsync("/buckets/lent", "read", "basicauth:0123");
        await kinto.AllowAsync("/buckets/lent", "read", "/buckets/taken/groups/g");
        await kinto.AllowAsync("/buckets/lent", "read", "/buckets/not-there/groups/g");
        await kinto.AllowAsync("/buckets/lent", "read", "/buckets/shop/groups/g");
        await kinto.AddGroupAsync("shop", "g", "account:bob", t + 1, "account:carol");
        await kinto.AddBucketAsync("taken", "account:bob", t + 3);
        await kinto.AddCollectionAsync("taken", "c", "account:bob", t + 4);
        await kinto.AddRecordAsync("taken", "c", "r", "account:bob", t + 5);
        await kinto.AddBucketAsync("of-carol", "account:carol", t + 6);
        await kinto.AddCollectionAsync("of-carol", "c", "account:carol", t + 7);
        await kinto.PutAsync("/buckets/of-carol/collections/c", "record", "bad id", t + 8, "{}");
        await kinto.PutAsync("/buckets/of-carol/collections/c", "record", "good", t + 9, "{}");
        await kinto.AddBucketAsync(Default, Alice, t + 10);
        Assert.Equal(0, (await ServerProcess.RunAsync(["account", "add", "alice", "--data-directory", storage.Directory], "another alice", storage.Environment)).Code);
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            using var other = new KintoUser(address, "alice", "another alice");
            Assert.Equal(HttpStatusCode.Created, (await other.SendAsync(HttpMethod.Put, "/buckets/taken", """{"data":{"by":"another alice"}}""")).Status);

            // Whoever is in groups of these is let in to nothing that comes.
            Assert.Equal(HttpStatusCode.Created, (await other.SendAsync(HttpMethod.Put, "/buckets/not-there", "{}")).Status);
            foreach (var bucket in new[] { "taken", "not-there" })
            {
                Assert.Equal(HttpStatusCode.Created, (await other.SendAsync(HttpMethod.Put, $"/buckets/{bucket}/groups/g", """{"data":{"members":["account:alice"]}}""")).Status);
            }

            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        var (code, output) = await ImportAsync(kinto);

        Assert.Equal(1, code);
        Assert.Contains("Accounts: 3 there; 2 imported, 1 here before,", output, StringComparison.Ordinal);
        Assert.Contains("Buckets: 5 there; 3 imported, 1 here before, 1 left out,", output, StringComparison.Ordinal);
        Assert.Contains("Records: 3 there; 1 imported, 1 here before, 1 left out,", output, StringComparison.Ordinal);
        Assert.Contains("Rights and members of groups: 4 left out.", output, StringComparison.Ordinal);
        Assert.Contains("/buckets/taken: here before, with 0 records; 1 are there.", output, StringComparison.Ordinal);
        Assert.Contains($"/buckets/{Default}: not imported, it is the default bucket of account:alice, who is not here", output, StringComparison.Ordinal);
        Assert.Contains("/buckets/of-carol/collections/c/records/bad id: not imported", output, StringComparison.Ordinal);
        Assert.Contains("account:carol: the hash of the password is none that is known", output, StringComparison.Ordinal);
        Assert.Contains("'account:alice' is not here", output, StringComparison.Ordinal);
        Assert.Contains("'/buckets/taken/groups/g' is a group of a bucket that somebody had here before", output, StringComparison.Ordinal);
        Assert.Contains("'/buckets/not-there/groups/g' is a group of a bucket that somebody had here before", output, StringComparison.Ordinal);
        Assert.Contains("users of basicauth cannot sign in here", output, StringComparison.Ordinal);
        Assert.Equal(0, (await ServerProcess.RunAsync(["account", "password", "carol", "--data-directory", storage.Directory], "another password", storage.Environment)).Code);
        (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            using var alice = new KintoUser(address, "alice", "another alice");
            Assert.Equal("another alice", (await alice.SendAsync(HttpMethod.Get, "/buckets/taken")).Body.GetProperty("data").GetProperty("by").GetString());
            Assert.Equal(HttpStatusCode.Forbidden, await alice.StatusAsync("/buckets/lent"));
            using var bob = new KintoUser(address, "bob", Password);
            Assert.Equal("read: /buckets/shop/groups/g; write: account:bob", await bob.RightsAsync("/buckets/lent"));
            using var carol = new KintoUser(address, "carol", "another password");
            Assert.Equal(HttpStatusCode.OK, await carol.StatusAsync("/buckets/lent"));
            Assert.Equal([$"good@{t + 9}"], (await carol.ListAsync("/buckets/of-carol/collections/c/records")).Objects);
        }
    }

    [KintoFact]
    public async Task Settings_OfKinto_SayWhereAllLies_AndBySecretWhoseDefaultBucketsAre()
    {
        await using var kinto = await OldKinto.CreateAsync();
        await kinto.AddAccountAsync("alice", Hash);
        await kinto.AddBucketAsync(Default, Alice, OldKinto.Earlier);

        var unknown = await ServerProcess.RunAsync(["kinto", "import", "--from", kinto.Database, "--data-directory", storage.Directory], environment: storage.Environment);
        Assert.Equal(1, unknown.Code);
        Assert.Contains("kinto.default_bucket_hmac_secret", unknown.Output, StringComparison.Ordinal);

        await File.WriteAllTextAsync(SecretFile, "another secret");
        var wrong = await ImportAsync(kinto);
        Assert.Equal(1, wrong.Code);
        Assert.Contains($"1 of them, such as '{Default}', are of nobody who may write them", wrong.Output, StringComparison.Ordinal);

        var database = new NpgsqlConnectionStringBuilder(kinto.Database);
        var conf = Path.Combine(directory.Path, "kinto.ini");
        await File.WriteAllTextAsync(
            conf,
            $"""
            [server:main]
            kinto.storage_url = of nobody
            [app:main]
            # kinto.storage_url = of nobody
            kinto.storage_backend = kinto.core.storage.postgresql
            kinto.storage_url = postgresql+psycopg://{Ini(database.Username!)}:{Ini(database.Password ?? "")}@{database.Host}:{database.Port}/{database.Database}
            kinto.userid_hmac_secret: {OldKinto.Secret}
            """);
        var (code, output) = await ServerProcess.RunAsync(["kinto", "import", "--conf", conf, "--data-directory", storage.Directory], environment: storage.Environment);

        Assert.True(code == 0, output);
        Assert.Contains("Buckets: 1 there; 1 imported,", output, StringComparison.Ordinal);
    }

    [PostgresFact("The SQLite file belongs to the running server.")]
    public async Task Import_BesideARunningServer_IsThereAtOnce_AndCanBeWrittenTo()
    {
        await using var kinto = await OldKinto.CreateAsync();
        await FillAsync(kinto);
        Assert.Equal(0, (await ServerProcess.RunAsync(["account", "add", "zoe", "--data-directory", storage.Directory], Password, storage.Environment)).Code);
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            using var zoe = new KintoUser(address, "zoe", Password);
            using var alice = new KintoUser(address, "alice", Password);
            Assert.Equal(HttpStatusCode.Forbidden, await zoe.StatusAsync("/buckets/team"));
            Assert.Equal(HttpStatusCode.Unauthorized, await alice.StatusAsync("/buckets/team"));

            var (code, output) = await ImportAsync(kinto);

            Assert.True(code == 0, output);
            Assert.Equal(HttpStatusCode.Forbidden, await zoe.StatusAsync("/buckets/team"));
            Assert.Equal("ours", (await alice.SendAsync(HttpMethod.Get, "/buckets/team")).Body.GetProperty("data").GetProperty("title").GetString());
            Assert.Equal(HttpStatusCode.Created, (await alice.SendAsync(HttpMethod.Put, "/buckets/team/collections/notes/records/new", "{}")).Status);
            Assert.Equal(4, (await alice.ListAsync("/buckets/team/collections/notes/records")).Objects.Length);
        }
    }

    [Fact]
    public async Task Everything_OverHttp_IsHere_ButForPasswordsThatAreNotShown()
    {
        // A server of this program stands for Kinto, which shows the same and hashes besides.
        await using var old = await TestStorage.CreateAsync();
        Assert.Equal(0, (await ServerProcess.RunAsync(["account", "add", "root", "--data-directory", old.Directory], "the root one", old.Environment)).Code);
        Assert.Equal(0, (await ServerProcess.RunAsync(["account", "add", "alice", "--data-directory", old.Directory], Password, old.Environment)).Code);
        var passwordFile = Path.Combine(directory.Path, "password");
        await File.WriteAllTextAsync(passwordFile, "the root one\n");
        string[] records, collections;
        long stamp;
        string output;
        var (server, address) = await ServerProcess.StartAsync(old, ["--accounts:administrators", "account:root", "--buckets:access:bucket-write-principals", "account:root", "--kinto:batch-max-requests", "10"]);
        using (server)
        {
            using var alice = new KintoUser(address, "alice", Password);
            await SendAsync("/buckets/team", """{"permissions":{"write":["account:root"],"read":["system.Authenticated"]}}""");
            await SendAsync("/buckets/team/collections/c", """{"data":{"title":"ours"}}""");
            await SendAsync("/buckets/team/collections/gone", "{}");
            await SendAsync("/buckets/team/groups/staff", """{"data":{"members":["account:root"]}}""");
            for (var i = 0; i < 30; i++)
            {
                await SendAsync($"/buckets/team/collections/c/records/r{i}", $$$"""{"data":{"n":{{{i}}}},"permissions":{"read":["account:root"]}}""");
            }

            foreach (var gone in new[] { "/buckets/team/collections/c/records/r7", "/buckets/team/collections/gone" })
            {
                Assert.Equal(HttpStatusCode.OK, (await alice.SendAsync(HttpMethod.Delete, gone)).Status);
            }

            (records, stamp) = await alice.ListAsync("/buckets/team/collections/c/records?_since=0");
            (collections, _) = await alice.ListAsync("/buckets/team/collections?_since=0");

            (var code, output) = await ServerProcess.RunAsync(
                ["kinto", "import", "--from", $"{address}v1", "--user", "root", "--password-file", passwordFile, "--data-directory", storage.Directory], environment: storage.Environment);
            Assert.True(code == 0, output);
            var wrong = await ServerProcess.RunAsync(
                ["kinto", "import", "--from", $"{address}v1", "--user", "root", "--password-file", SecretFile, "--data-directory", storage.Directory], environment: storage.Environment);
            Assert.Equal(1, wrong.Code);

            // Who may not see everything would bring a part, as if it were all.
            var aliceFile = Path.Combine(directory.Path, "alice");
            await File.WriteAllTextAsync(aliceFile, Password);
            var partly = await ServerProcess.RunAsync(
                ["kinto", "import", "--from", $"{address}v1", "--user", "alice", "--password-file", aliceFile, "--data-directory", storage.Directory], environment: storage.Environment);
            Assert.Equal(1, partly.Code);
            Assert.Contains("is answered 403. Whoever reads it must be let write everything: bucket_write_principals", partly.Output, StringComparison.Ordinal);

            async Task SendAsync(string path, string body) => Assert.Equal(HttpStatusCode.Created, (await alice.SendAsync(HttpMethod.Put, path, body)).Status);
        }

        Assert.Contains("Accounts: 2 there; 2 imported,", output, StringComparison.Ordinal);
        Assert.Contains("Records: 29 there; 29 imported,", output, StringComparison.Ordinal);
        Assert.Contains("Tombstones: 2 there; 2 imported,", output, StringComparison.Ordinal);
        Assert.Contains("account:alice: the hash of the password is none that is known", output, StringComparison.Ordinal);
        Assert.Equal(0, (await ServerProcess.RunAsync(["account", "password", "alice", "--data-directory", storage.Directory], Password, storage.Environment)).Code);
        (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            using var alice = new KintoUser(address, "alice", Password);
            var (here, at) = await alice.ListAsync("/buckets/team/collections/c/records?_since=0");
            Assert.Equal(records, here);
            Assert.Equal(stamp, at);
            Assert.Equal(collections, (await alice.ListAsync("/buckets/team/collections?_since=0")).Objects);
            Assert.Equal("read: system.Authenticated; write: account:alice account:root", await alice.RightsAsync("/buckets/team"));
            Assert.Equal("read: account:root; write: account:alice", await alice.RightsAsync("/buckets/team/collections/c/records/r3"));
            Assert.Equal("account:root", (await alice.SendAsync(HttpMethod.Get, "/buckets/team/groups/staff")).Body.GetProperty("data").GetProperty("members")[0].GetString());
        }
    }

    [KintoFact]
    public async Task Source_ThatCannotBeRead_IsToldWithoutAPassword()
    {
        var empty = await PostgresServer.CreateEmptyDatabaseAsync();
        try
        {
            var none = await ServerProcess.RunAsync(["kinto", "import", "--from", empty, "--data-directory", storage.Directory], environment: storage.Environment);
            Assert.Equal(1, none.Code);
            Assert.Contains("has no table 'objects'", none.Output, StringComparison.Ordinal);
        }
        finally
        {
            await PostgresServer.DropDatabaseAsync(empty);
        }

        foreach (var from in new[] { "oracle://kinto:hidden@localhost/kinto", "postgresql://kinto:hidden@127.0.0.1:1/kinto", "Host=127.0.0.1;Port=1;Password=hidden;Nonsense=hidden" })
        {
            var run = await ServerProcess.RunAsync(["kinto", "import", "--from", from, "--data-directory", storage.Directory], environment: storage.Environment);
            Assert.Equal(1, run.Code);
            Assert.DoesNotContain("hidden", run.Output, StringComparison.Ordinal);
        }

        Assert.Equal(2, (await ServerProcess.RunAsync(["kinto", "import"])).Code);
        Assert.Equal(2, (await ServerProcess.RunAsync(["kinto", "export", "--from", "x"])).Code);
        Assert.Equal(2, (await ServerProcess.RunAsync(["kinto", "import", "--from", "x", "--conf", SecretFile])).Code);
    }

    /// <summary>A part of a URL as it stands in Kinto's settings, where letters may be escaped and a % is written twice.</summary>
    private static string Ini(string part) => string.Concat(Encoding.UTF8.GetBytes(part).Select(static b => $"%%{b:X2}"));

    private static (int Count, long Stamp) Counted((string[] Objects, long Stamp) list) => (list.Objects.Length, list.Stamp);

    /// <summary>Three users; the default bucket of one, and a bucket that they share.</summary>
    private static async Task FillAsync(OldKinto kinto)
    {
        var t = OldKinto.Earlier;
        foreach (var name in new[] { "alice", "bob", "carol" })
        {
            await kinto.AddAccountAsync(name, Hash);
        }

        await kinto.AddBucketAsync(Default, Alice, t + 1);
        await kinto.AddCollectionAsync(Default, "tasks", Alice, t + 2);
        await kinto.AddRecordsAsync(Default, "tasks", Alice, 2_500);
        await kinto.StampAsync($"/buckets/{Default}/collections/tasks", "record", t - 5);

        await kinto.AddBucketAsync("team", Alice, t + 10, """{"title": "ours"}""");
        await kinto.AllowAsync("/buckets/team", "collection:create", Alice);
        await kinto.AddGroupAsync("team", "staff", Alice, t + 11, "account:bob");
        await kinto.BuryAsync("/buckets/team", "group", "gone", t + 12);
        await kinto.BuryAsync("/buckets/team", "collection", "gone", t + 13);
        await kinto.AddCollectionAsync("team", "empty", Alice, t + 14);
        await kinto.StampAsync("/buckets/team/collections/empty", "record", t + 77);
        await kinto.AddCollectionAsync("team", "notes", Alice, t + 15, """{"schema": {"type": "object"}}""");
        await kinto.AllowAsync("/buckets/team/collections/notes", "read", "/buckets/team/groups/staff");
        await kinto.AllowAsync("/buckets/team/collections/notes", "record:create", "system.Authenticated");
        await kinto.AddRecordAsync("team", "notes", "one", Alice, t + 31);
        await kinto.AddRecordAsync("team", "notes", "two", "account:carol", t + 32);
        await kinto.AllowAsync("/buckets/team/collections/notes/records/two", "read", "corp:f81d");
        await kinto.AddRecordAsync("team", "notes", "theirs", "account:bob", t + 33);

        // What is left of other things.
        await kinto.BuryAsync("", "bucket", "gone", t + 20);
        await kinto.PutAsync("/buckets/gone/collections/gone", "record", "left", t + 21, "{}");
        await kinto.PutAsync("/buckets/team", "history", "h", t + 22, "{}");
        await kinto.AllowAsync("/buckets/team/collections/gone/records/left", "read", "account:bob");
    }

    private string[] Command(OldKinto kinto) =>
        ["kinto", "import", "--from", kinto.Database, "--secret-file", SecretFile, "--data-directory", storage.Directory];

    private Task<(int Code, string Output)> ImportAsync(OldKinto kinto) => ServerProcess.RunAsync(Command(kinto), environment: storage.Environment);
}

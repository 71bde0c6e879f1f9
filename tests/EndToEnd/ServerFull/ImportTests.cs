using System.Text.Json;
using System.Text.RegularExpressions;
using Lockstep.Gateway.Sync11.Tests;
using Lockstep.Storage.PostgreSql.Testing;
using Lockstep.Testing;

namespace Lockstep.EndToEnd.ServerFull;

/// <summary><c>server-full import</c>: users of Mozilla's old server come here, from SQLite and from MariaDB.</summary>
public sealed class ImportTests : IAsyncLifetime
{
    // Of Python's hashlib, as py-scrypt hashes.
    private const string Scrypted = "{SSCRYPT}9GWbwMlKrLnVFbLdal+6+xrtp6fm5h9GaSjAsUmMykaS0Dr/KkHc85oFJwFkEkx+0/ljZqB1kPOfB4yhnTJNtWFCM2RFNmdI";
    private const string ScryptedPassword = "pässword one";
    private const string Sha1 = "{SSHA}y8tlz6BiNj4nSNlG8zcfP8W2Bi9hQjNkRTZnSA==";

    private static readonly string[] Settings = ["--sync11:enabled", "true", "--firefox-accounts:mode", "off"];

    private readonly TemporaryDirectory directory = new();
    private TestStorage storage = null!;

    private string OldFile => Path.Combine(directory.Path, "old sync.db");

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync()
    {
        await storage.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Users_OfASqliteFile_SignInWithTheirPasswords_AndFindAllThatTheyHadStored()
    {
        await using (var old = await OldDatabase.CreateSqliteAsync(OldFile))
        {
            await FillAsync(old);
        }

        await ImportAndCompareAsync("--from", $"sqlite:///{OldFile}");
    }

    [MariaDbFact]
    public async Task Users_OfAMariaDb_ThatASyncConfNames_SignInWithTheirPasswords_AndFindAllThatTheyHadStored()
    {
        await using var mariadb = await OwnMariaDb.StartAsync();
        await using (var old = await OldDatabase.CreateAsync(mariadb.Connect(), "ENGINE=InnoDB CHARSET=latin1"))
        {
            await FillAsync(old);
        }

        var conf = Path.Combine(directory.Path, "sync.conf");
        await File.WriteAllTextAsync(conf, $"[storage]\nbackend = syncstorage.storage.sql.SQLStorage\nsqluri = {mariadb.Uri}\nstandard_collections = false\n[auth]\nsqluri = {mariadb.Uri}\n");
        await ImportAndCompareAsync("--conf", conf);
        Assert.DoesNotContain(mariadb.Password, (await ImportAsync("--conf", conf)).Output, StringComparison.Ordinal);
    }

    [MariaDbFact]
    public async Task Users_AndStorage_MayLieInTwoDatabases_AndRecordsInManyTables()
    {
        await using var mariadb = await OwnMariaDb.StartAsync();
        await using (var users = await OldDatabase.CreateSqliteAsync(OldFile))
        await using (var old = await OldDatabase.CreateAsync(mariadb.Connect(), "ENGINE=InnoDB CHARSET=latin1", shards: 3))
        {
            for (var user = 1; user <= 4; user++)
            {
                await users.AddUserAsync(user, $"user{user}@example.org", OldDatabase.Hash("a good password"));
                await old.AddRecordAsync(user, 7, "b", $"of {user}", table: $"wbo{user % 3}");
            }
        }

        var (code, output) = await ImportAsync("--from", mariadb.Uri, "--users-from", $"sqlite:///{OldFile}", "--collections", "fixed");

        Assert.True(code == 0, output);
        Assert.Contains("Users: 4 there; 4 imported, 0 here before, 0 not imported.", output, StringComparison.Ordinal);
        Assert.Contains("Records: 4 there; 4 imported, 0 expired,", output, StringComparison.Ordinal);
        var (server, address) = await ServerProcess.StartAsync(storage, Settings);
        using (server)
        {
            using var fourth = new WeaveClient(address, WeaveClient.NameOf("user4@example.org"), "a good password");
            Assert.Equal("of 4", (await fourth.GetAsync("/storage/bookmarks/b")).AssertOk().Json.GetProperty("payload").GetString());
        }
    }

    [Fact]
    public async Task Import_ThatIsRunAgain_LeavesWhatIsHereAsItIs()
    {
        await using (var old = await OldDatabase.CreateSqliteAsync(OldFile))
        {
            await old.AddUserAsync(1, "ann@example.org", OldDatabase.Hash("the old password"));
            await old.AddRecordAsync(1, "bookmarks", "a", "as it was");
        }

        Assert.Equal(0, (await ImportAsync("--from", $"sqlite:///{OldFile}")).Code);
        var (server, address) = await ServerProcess.StartAsync(storage, Settings);
        using (server)
        {
            using var ann = new WeaveClient(address, WeaveClient.NameOf("ann@example.org"), "the old password");
            (await ann.PutAsync("/storage/bookmarks/a", WeaveClient.Wbo("a", "as it is now"))).AssertOk();
            (await ann.UserAsync("POST", "/password", "the new password")).AssertOk();
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        var again = await ImportAsync("--from", $"sqlite:///{OldFile}");

        Assert.Equal(0, again.Code);
        Assert.Contains("Users: 1 there; 0 imported, 1 here before, 0 not imported.", again.Output, StringComparison.Ordinal);
        Assert.Contains("0 imported, 0 expired, 0 left out, 1 of users who were not imported now", again.Output, StringComparison.Ordinal);
        (server, address) = await ServerProcess.StartAsync(storage, Settings);
        using (server)
        {
            using var ann = new WeaveClient(address, WeaveClient.NameOf("ann@example.org"), "the new password");
            Assert.Equal("as it is now", (await ann.GetAsync("/storage/bookmarks/a")).AssertOk().Json.GetProperty("payload").GetString());
        }
    }

    [Fact]
    public async Task Import_ThatIsKilled_AndRunAgain_BringsEverybodyAndEverything()
    {
        const int users = 300, records = 20;
        await using (var old = await OldDatabase.CreateSqliteAsync(OldFile))
        {
            await old.AddManyAsync(users, records);
        }

        using (var killed = new ProgramProcess([.. ServerProgram.Command(ServerProgram.Or(Path.Combine(AppContext.BaseDirectory, "lockstep.dll"))), .. ImportCommand("--from", $"sqlite:///{OldFile}")], storage.Environment))
        {
            await killed.SaysAsync($" of {users} users");
            killed.Kill();
            await killed.EndAsync();
            Assert.DoesNotContain("Users: ", killed.Output, StringComparison.Ordinal);
        }

        var (code, output) = await ImportAsync("--from", $"sqlite:///{OldFile}");

        Assert.True(code == 0, output);
        var before = int.Parse(Regex.Match(output, "imported, ([0-9]+) here before, 0 not imported").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(before, 0, users - 1);
        Assert.Contains($"{(users - before) * records:N0} imported, 0 expired, 0 left out, {before * records:N0} of users who were not imported now, 0 of nobody", output, StringComparison.Ordinal);
        var (server, address) = await ServerProcess.StartAsync(storage, Settings);
        using (server)
        {
            foreach (var user in Enumerable.Range(1, users).Where(static user => user % 10 == 0).Append(1))
            {
                using var client = new WeaveClient(address, WeaveClient.NameOf($"many{user}@example.org"), $"the password of {user}");
                var all = (await client.GetAsync("/storage/history?full=1&sort=oldest")).AssertOk().Json;
                Assert.Equal(Enumerable.Range(0, records).Select(record => $"{user}|{record}"), all.EnumerateArray().Select(static record => record.GetProperty("payload").GetString()));
            }
        }
    }

    [Fact]
    public async Task WhoCannotCome_IsNamed_AndNothingOfThemIsHere()
    {
        await using (var old = await OldDatabase.CreateSqliteAsync(OldFile))
        {
            await old.AddUserAsync(1, "ann@example.org", OldDatabase.Hash("a good password"), status: 0);
            await old.AddNamedUserAsync(2, "-bob", null, OldDatabase.Hash("a good password"));
            await old.AddNamedUserAsync(3, "kinto", "kinto@example.org", OldDatabase.Hash("a good password"));
            await old.AddNamedUserAsync(4, "Carol", null, "{SSHA-512}AAAA");
            await old.AddNamedUserAsync(5, "dave", null, OldDatabase.Hash("a good password"));
            await old.AddRecordAsync(1, "bookmarks", "a", "1");
            await old.AddRecordAsync(4, "bookmarks", "a", "1");
            await old.AddRecordAsync(5, "bookmarks", "é", "1");
            await old.AddRecordAsync(5, "no such:name", "a", "1");
            await old.AddRecordAsync(5, 99, "a", "of no collection");
            await old.AddRecordAsync(5, "bookmarks", "ok", "1");
            await old.AddRecordAsync(6, "bookmarks", "a", "of nobody");
        }

        Assert.Equal(0, (await ServerProcess.RunAsync(["account", "add", "kinto", "--data-directory", storage.Directory], "s3cr3t!", storage.Environment)).Code);

        var (code, output) = await ImportAsync("--from", $"sqlite:///{OldFile}");

        Assert.Equal(1, code);
        Assert.Contains($"{WeaveClient.NameOf("ann@example.org")}: not imported, the account was closed there", output, StringComparison.Ordinal);
        Assert.Contains("-bob: not imported, there can be no user of that name here", output, StringComparison.Ordinal);
        Assert.Contains("kinto: not imported, an account here has the name", output, StringComparison.Ordinal);
        Assert.Contains("carol: the hash of the password is of no kind that is known", output, StringComparison.Ordinal);
        Assert.Contains("dave: 3 records were left out", output, StringComparison.Ordinal);
        Assert.Contains("Users: 5 there; 2 imported, 0 here before, 3 not imported.", output, StringComparison.Ordinal);
        Assert.Contains("Records: 7 there; 2 imported, 0 expired, 3 left out, 1 of users who were not imported now, 1 of nobody.", output, StringComparison.Ordinal);
        Assert.Equal((0, "carol\ndave\nkinto"), await ServerProcess.RunAsync(["account", "list", "--data-directory", storage.Directory], environment: storage.Environment));

        // An operator helps whose hash was of no known kind.
        Assert.Equal(0, (await ServerProcess.RunAsync(["account", "password", "carol", "--data-directory", storage.Directory], "another password", storage.Environment)).Code);
        var (server, address) = await ServerProcess.StartAsync(storage, Settings);
        using (server)
        {
            using var carol = new WeaveClient(address, "carol", "another password");
            Assert.Equal(["a"], (await carol.GetAsync("/storage/bookmarks")).AssertOk().Ids);
            using var dave = new WeaveClient(address, "dave", "a good password");
            Assert.Equal(["ok"], (await dave.GetAsync("/storage/bookmarks")).AssertOk().Ids);
        }
    }

    [Fact]
    public async Task WhoTookANameFirst_IsNamed_WhileTheyHaveFewerRecords()
    {
        await using (var old = await OldDatabase.CreateSqliteAsync(OldFile))
        {
            await old.AddUserAsync(1, "ann@example.org", OldDatabase.Hash("a good password"));
            await old.AddRecordAsync(1, "bookmarks", "a", "1");
            await old.AddRecordAsync(1, "bookmarks", "b", "1", ttl: OldDatabase.Earlier + 10);
        }

        var (server, address) = await ServerProcess.StartAsync(storage, [.. Settings, "--sync11:registration", "open"]);
        using (server)
        {
            using var ann = new WeaveClient(address, WeaveClient.NameOf("ann@example.org"), "another password") { Email = "ann@example.org" };
            (await ann.SignUpAsync()).AssertOk();
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        var (code, output) = await ImportAsync("--from", $"sqlite:///{OldFile}");

        Assert.Equal(1, code);
        Assert.Contains($"{WeaveClient.NameOf("ann@example.org")}: here before, with 0 records; 1 are there.", output, StringComparison.Ordinal);
        Assert.Contains("'account remove ann@example.org'", output, StringComparison.Ordinal);

        Assert.Equal(0, (await ServerProcess.RunAsync(["account", "remove", "ann@example.org", "--data-directory", storage.Directory], environment: storage.Environment)).Code);
        Assert.Equal(0, (await ImportAsync("--from", $"sqlite:///{OldFile}")).Code);
        Assert.Equal(0, (await ImportAsync("--from", $"sqlite:///{OldFile}")).Code);
    }

    [Fact]
    public async Task Names_ThatDifferInCapitalLettersAlone_AreOneHere_AndTheSecondIsNamed_InEachRun()
    {
        await using (var old = await OldDatabase.CreateSqliteAsync(OldFile))
        {
            await old.AddNamedUserAsync(1, "Bob", null, OldDatabase.Hash("a good password"));
            await old.AddNamedUserAsync(2, "bob", null, OldDatabase.Hash("a good password"));
            await old.AddRecordAsync(2, "bookmarks", "a", "1");
        }

        foreach (var (imported, here) in new[] { (1, 0), (0, 1) })
        {
            var (code, output) = await ImportAsync("--from", $"sqlite:///{OldFile}");

            Assert.Equal(1, code);
            Assert.Contains("bob: not imported, another user there has the same name in other letters", output, StringComparison.Ordinal);
            Assert.Contains($"Users: 2 there; {imported} imported, {here} here before, 1 not imported.", output, StringComparison.Ordinal);
        }
    }

    [SqliteFact("Several servers may use one PostgreSQL database.")]
    public async Task Import_BesideARunningServer_OnSqlite_IsRefused()
    {
        await using (var old = await OldDatabase.CreateSqliteAsync(OldFile))
        {
            await old.AddUserAsync(1, "ann@example.org", OldDatabase.Hash("a good password"));
        }

        var (server, _) = await ServerProcess.StartAsync(storage, Settings);
        using (server)
        {
            var refused = await ImportAsync("--from", $"sqlite:///{OldFile}");
            Assert.Equal(1, refused.Code);
            Assert.Contains("Another server is using", refused.Output, StringComparison.Ordinal);
        }
    }

    [PostgresFact("The SQLite file belongs to the running server.")]
    public async Task Import_BesideARunningServer_OnPostgres_IsThereAtOnce_AndCanBeWrittenTo()
    {
        await using (var old = await OldDatabase.CreateSqliteAsync(OldFile))
        {
            await old.AddUserAsync(1, "ann@example.org", OldDatabase.Hash("a good password"));
            await old.AddRecordAsync(1, "bookmarks", "a", "as it was");
        }

        var (server, address) = await ServerProcess.StartAsync(storage, Settings);
        using (server)
        {
            using var ann = new WeaveClient(address, WeaveClient.NameOf("ann@example.org"), "a good password");
            (await ann.GetAsync("/info/collections")).AssertStatus(401);
            Assert.Equal(0, (await ImportAsync("--from", $"sqlite:///{OldFile}")).Code);
            Assert.Equal(["a"], (await ann.GetAsync("/storage/bookmarks")).AssertOk().Ids);
            (await ann.PutAsync("/storage/bookmarks/b", WeaveClient.Wbo("b", "new"))).AssertWritten();
            Assert.Equal(["a", "b"], (await ann.GetAsync("/storage/bookmarks")).AssertOk().Ids.Order());
        }
    }

    [Fact]
    public async Task Source_ThatCannotBeRead_IsToldWithoutAPassword()
    {
        var nowhere = await ImportAsync("--from", $"sqlite:///{directory.Path}/none.db");
        Assert.Equal(1, nowhere.Code);
        Assert.Contains("There is no file", nowhere.Output, StringComparison.Ordinal);

        await File.WriteAllTextAsync(OldFile, new string('x', 10_000));
        var other = await ImportAsync("--from", $"sqlite:///{OldFile}");
        Assert.Equal(1, other.Code);
        Assert.Contains("Cannot read", other.Output, StringComparison.Ordinal);

        var unknown = await ImportAsync("--from", "oracle://sync:s3cr3t@localhost/sync");
        Assert.Equal(1, unknown.Code);
        var away = await ImportAsync("--from", $"mysql://sync:s3cr3t@localhost/sync?unix_socket={directory.Path}/none.sock");
        Assert.Equal(1, away.Code);
        Assert.All([unknown, away], static run => Assert.DoesNotContain("s3cr3t", run.Output, StringComparison.Ordinal));
        Assert.Equal(2, (await ImportAsync()).Code);
        Assert.Equal(2, (await ImportAsync("--from", "sqlite:///x", "--collections", "all")).Code);
    }

    /// <summary>Three users with each kind of hash, with records of all sorts.</summary>
    private static async Task FillAsync(OldDatabase old)
    {
        await old.AddUserAsync(3, "Ann@Example.org", OldDatabase.Hash("a good password"));
        await old.AddNamedUserAsync(17, "bob", "bob@example.org", Scrypted);
        await old.AddUserAsync(18, "carol@example.org", Sha1);
        await old.AddRecordAsync(3, "meta", "global", """{"syncID":"x","storageVersion":5}""", (OldDatabase.Earlier * 100) + 7);
        await old.AddRecordAsync(3, "bookmarks", "toolbar", """{"ciphertext":"…ü"}""".Replace("…ü", "abc", StringComparison.Ordinal), (OldDatabase.Earlier * 100) + 50, sortIndex: 1_000_000);
        await old.AddRecordAsync(3, "bookmarks", "{6b6e7d1c-0000}", "in braces", (OldDatabase.Earlier * 100) + 20, sortIndex: -5);
        await old.AddRecordAsync(3, "tabs", "phone", "soon gone", ttl: OldDatabase.Earlier + 100_000);
        await old.AddRecordAsync(3, "tabs", "desktop", "gone", ttl: OldDatabase.Earlier + 10);
        await old.AddRecordAsync(17, "history", "h", new string('x', 60_000));
        for (var i = 0; i < 1_100; i++)
        {
            await old.AddRecordAsync(18, "forms", $"f{i:D4}", $"{i}");
        }
    }

    private async Task ImportAndCompareAsync(params string[] source)
    {
        var (code, output) = await ImportAsync(source);

        Assert.True(code == 0, output);
        Assert.Contains("Users: 3 there; 3 imported, 0 here before, 0 not imported.", output, StringComparison.Ordinal);
        Assert.Contains("Records: 1,106 there; 1,105 imported, 1 expired, 0 left out, 0 of users who were not imported now, 0 of nobody.", output, StringComparison.Ordinal);
        Assert.Equal((0, "ann@example.org\nbob\ncarol@example.org"), await ServerProcess.RunAsync(["account", "list", "--data-directory", storage.Directory], environment: storage.Environment));
        var (server, address) = await ServerProcess.StartAsync(storage, Settings);
        using (server)
        {
            using var ann = new WeaveClient(address, WeaveClient.NameOf("ann@example.org"), "a good password");
            var times = (await ann.GetAsync("/info/collections")).AssertOk().Json;
            Assert.Equal(["bookmarks", "meta", "tabs"], times.EnumerateObject().Select(static time => time.Name).Order());
            Assert.Equal(($"{OldDatabase.Earlier}.50", $"{OldDatabase.Earlier}.07"), (times.GetProperty("bookmarks").GetRawText(), times.GetProperty("meta").GetRawText()));
            var bookmarks = (await ann.GetAsync("/storage/bookmarks?full=1&sort=index")).AssertOk().Json.EnumerateArray().ToList();
            Assert.Equal(["toolbar", "{6b6e7d1c-0000}"], bookmarks.Select(static record => record.GetProperty("id").GetString()));
            Assert.Equal([1_000_000, -5], bookmarks.Select(static record => record.GetProperty("sortindex").GetInt32()));
            Assert.Equal($"{OldDatabase.Earlier}.20", bookmarks[1].GetProperty("modified").GetRawText());
            Assert.Equal("""{"ciphertext":"abc"}""", bookmarks[0].GetProperty("payload").GetString());
            Assert.Equal(["phone"], (await ann.GetAsync("/storage/tabs")).AssertOk().Ids);
            (await ann.GetAsync("/storage/tabs/desktop")).AssertStatus(404);

            using var bob = new WeaveClient(address, "bob", ScryptedPassword);
            Assert.Equal(60_000, (await bob.GetAsync("/storage/history/h")).AssertOk().Json.GetProperty("payload").GetString()!.Length);
            using var carol = new WeaveClient(address, WeaveClient.NameOf("carol@example.org"), ScryptedPassword);
            Assert.Equal(1_100, (await carol.GetAsync("/info/collection_counts")).AssertOk().Json.GetProperty("forms").GetInt32());
            Assert.Equal(Enumerable.Range(0, 1_100).Select(static i => $"f{i:D4}"), (await carol.GetAsync("/storage/forms")).AssertOk().Ids.Order(StringComparer.Ordinal));

            // Wrong ones are wrong, and a change makes a hash of now.
            carol.Password = "pässword two";
            (await carol.GetAsync("/info/collections")).AssertStatus(401);
            carol.Password = ScryptedPassword;
            (await carol.UserAsync("POST", "/password", "another password")).AssertOk();
            carol.Password = "another password";
            Assert.Equal(JsonValueKind.Object, (await carol.GetAsync("/info/collections")).AssertOk().Json.ValueKind);
        }
    }

    private string[] ImportCommand(params string[] source) =>
        ["server-full", "import", .. source, "--data-directory", storage.Directory, "--accounts:password-iterations", "1000"];

    private Task<(int Code, string Output)> ImportAsync(params string[] source) => ServerProcess.RunAsync(ImportCommand(source), environment: storage.Environment);
}

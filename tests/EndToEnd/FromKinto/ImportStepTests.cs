using System.Net;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Logins;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.EndToEnd.ServerFull;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Metering;
using Lockstep.Import.Kinto;
using Lockstep.Storage.Sqlite;
using Lockstep.Storage.Sqlite.Accounts;
using Lockstep.Storage.Sqlite.Reads;

namespace Lockstep.EndToEnd.FromKinto;

/// <summary>An import that is lost in any of its commits, and gone on with; and what becomes of the hashes that it brings.</summary>
public sealed class ImportStepTests : IDisposable
{
    private const int Records = 4_500;

    // Of another implementation of bcrypt than is used here: of "s3cr3t!", "pässword", and of 72 letters x and more.
    private const string Hash = "$2b$04$abcdefghijklmnopqrstuuX.puQ0.3yJfaGNmWHm9L1wX2vQGTcRa";
    private const string Umlaut = "$2b$12$abcdefghijklmnopqrstuuscbPSP0HoEIixN619CDaS1KI1Cgssz6";
    private const string Long = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i";
    private const string Alice = "account:alice";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [KintoFact(onSqlite: "What goes on with an import is the same on each engine; killed processes are tried on both.")]
    public async Task Import_ThatIsLostInWhateverCommit_LeavesNothingHalf_AndEndsTheSame()
    {
        await using var kinto = await OldKinto.CreateAsync();
        await kinto.AddAccountAsync("alice", Hash);
        await kinto.AddBucketAsync("big", Alice, OldKinto.Earlier);
        await kinto.AllowAsync("/buckets/big", "read", "/buckets/small/groups/g");
        await kinto.AddGroupAsync("big", "g", Alice, OldKinto.Earlier, "account:alice");
        await kinto.AddCollectionAsync("big", "a", Alice, OldKinto.Earlier);
        await kinto.AddCollectionAsync("big", "b", Alice, OldKinto.Earlier + 1);
        await kinto.AddRecordsAsync("big", "a", Alice, 1_500);
        await kinto.AddRecordsAsync("big", "b", "account:alice", Records - 1_500);
        await kinto.AllowAsync("/buckets/big/collections/b/records/r002000", "read", "system.Everyone");
        await kinto.StampAsync("/buckets/big/collections/b", "record", OldKinto.Earlier + Records);
        await kinto.AddBucketAsync("small", Alice, OldKinto.Earlier + 1);

        var (whole, commits) = await RunAsync(kinto, "whole", failing: 0, stores: false);
        Assert.Equal(5, commits);
        for (var failing = 1; failing <= commits; failing++)
        {
            foreach (var stores in new[] { false, true })
            {
                Assert.Equal(whole, (await RunAsync(kinto, $"{failing}{stores}", failing, stores)).State);
            }
        }
    }

    [KintoFact(onSqlite: "What goes on with an import is the same on each engine; killed processes are tried on both.")]
    public async Task Kinto_ThatChangesBetweenTwoRuns_IsNoticed_AndTheNextRunBringsItAsItIs()
    {
        await using var kinto = await OldKinto.CreateAsync();
        await kinto.AddAccountAsync("alice", Hash);
        await kinto.AddBucketAsync("big", Alice, OldKinto.Earlier);
        await kinto.AddCollectionAsync("big", "c", Alice, OldKinto.Earlier);
        await kinto.AddRecordsAsync("big", "c", Alice, Records);
        using var database = SqliteDatabase.Open(new SqliteOptions { Path = Path.Combine(directory.Path, "changed.db") });
        var (accounts, buckets) = (new SqliteAccountStore(database), new SqliteBucketStore(database));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => ImportAsync(kinto, accounts, new FailingBucketStore(buckets, failing: 2, stores: true)));

        // Its tombstones stay until all is here: they are compared.
        using (var owners = new InProcessBuckets(buckets, new BucketOptions(), TimeProvider.System))
        {
            var purge = new BucketRequest(Caller.System, [new PurgeTombstones(ListRef.RecordsOf("c"), ServerTimestamp.Now(TimeProvider.System), 100)]);
            Assert.Equal(0, Assert.IsType<CountFound>((await owners.Get(BucketId.Named("big")).ExecuteAsync(purge, default)).Outcomes[0]).Count);
        }

        await kinto.ExecuteAsync("UPDATE objects SET last_modified = last_modified + interval '1 day' WHERE id = 'r000001'");

        var told = await Assert.ThrowsAsync<KintoException>(() => ImportAsync(kinto, accounts, buckets));

        Assert.Contains("/buckets/big/collections/c/records/ has 4050 objects and 450 tombstones there, and 4050 and 450 here, or other stamps.", told.Message, StringComparison.Ordinal);
        var tally = await ImportAsync(kinto, accounts, buckets);
        Assert.True(tally is { IsEven: true, IsWhole: true }, string.Join('\n', tally.Notes));
        Assert.Contains(tally.Notes, static note => note.Contains("which is yet to come", StringComparison.Ordinal));
        var heads = (await buckets.LoadAsync(BucketId.Named("big"), claim: false, default))!;
        Assert.Equal((OldKinto.Earlier + 1 + 86_400_000, 0), (heads[ListRef.RecordsOf("c")].RowsModified.Milliseconds, heads[ListRef.RecordsOf("c")].Horizon.Milliseconds));
        Assert.True(heads.Clock >= heads[ListRef.RecordsOf("c")].RowsModified);
    }

    [KintoFact(onSqlite: "What goes on with an import is the same on each engine; killed processes are tried on both.")]
    public async Task Hashes_OfBcrypt_LetTheirUsersIn_AndAreHashesOfTodayFromThenOn()
    {
        await using var kinto = await OldKinto.CreateAsync();
        await kinto.AddAccountAsync("Alice.B+1@example.org", Hash);
        await kinto.AddAccountAsync("umlaut", Umlaut);
        await kinto.AddAccountAsync("long", Long);
        await kinto.AddAccountAsync("costly", "$2b$31$abcdefghijklmnopqrstuuX.puQ0.3yJfaGNmWHm9L1wX2vQGTcRa");
        using var database = SqliteDatabase.Open(new SqliteOptions { Path = Path.Combine(directory.Path, "hashes.db") });
        var (accounts, buckets) = (new SqliteAccountStore(database), new SqliteBucketStore(database));
        using var metrics = new GatewayMetrics();
        using var owners = new InProcessBuckets(buckets, new BucketOptions(), TimeProvider.System);
        var options = new AccountOptions { PasswordIterations = 1_000 };
        var signIns = new AccountDirectory(
            accounts, new SqliteBucketIndex(database), owners, new InProcessSignInThrottle(options.ToLimits(), TimeProvider.System), new AccountSecret(database.Secret), options, metrics, TimeProvider.System);

        // Cut off, nobody gets in, and nobody helps.
        await accounts.AddAsync("Alice.B+1@example.org", AccountLogin.Pending, new ServerTimestamp(1), default);
        Assert.Equal(SignInStatus.Refused, await SignInAsync("Alice.B+1@example.org", "importing"));
        Assert.Equal(PasswordChange.Importing, await signIns.ChangePasswordAsync("Alice.B+1@example.org", "a new one", default));

        var tally = await ImportAsync(kinto, accounts, buckets);

        Assert.Equal((4, 4L), (tally.Accounts.Imported, tally.Accounts.There));
        foreach (var (name, password, wrong) in new[] { ("Alice.B+1@example.org", "s3cr3t!", "s3cr3t"), ("umlaut", "pässword", "password"), ("long", new string('x', 80), new string('x', 71)) })
        {
            Assert.True(AccountPassword.IsBcrypt((await accounts.FindAsync(name, default))!.PasswordHash));
            Assert.Equal(SignInStatus.Refused, await SignInAsync(name, wrong));
            Assert.True(AccountPassword.IsBcrypt((await accounts.FindAsync(name, default))!.PasswordHash));
            Assert.Equal(SignInStatus.Succeeded, await SignInAsync(name, password));
            var hash = (await accounts.FindAsync(name, default))!.PasswordHash;
            Assert.True(PasswordHash.IsOne(hash));
            Assert.True(PasswordHash.Verify(password, hash));
            Assert.Equal(SignInStatus.Succeeded, await SignInAsync(name, password));
            Assert.Equal(hash, (await accounts.FindAsync(name, default))!.PasswordHash);
        }

        // One that would take hours is none.
        Assert.Equal(PasswordHash.None, (await accounts.FindAsync("costly", default))!.PasswordHash);
        Assert.Contains(tally.Notes, static note => note.StartsWith("account:costly: the hash of the password is none that is known", StringComparison.Ordinal));

        async Task<SignInStatus> SignInAsync(string name, string password) =>
            (await signIns.SignInAsync(new SignInRequest($"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"))}", IPAddress.Loopback), default)).Status;
    }

    private static async Task<KintoTally> ImportAsync(OldKinto kinto, SqliteAccountStore accounts, IBucketStore buckets)
    {
        await using var source = await KintoDatabase.OpenAsync(KintoUri.Parse(kinto.Database), null, default);
        var rules = new KintoImportRules(
            AccountDirectory.IsValidName, static id => KintoIds.IsValid(id, new KintoOptions()), AccountPassword.IsBcrypt, static (principal, number) => $"{principal}-{number}", 1_000, 10_000, 100);
        return await new KintoImport(source, accounts, buckets, rules, Encoding.UTF8.GetBytes(OldKinto.Secret), TimeProvider.System).RunAsync(static _ => { }, default);
    }

    /// <returns>What is there at the end, and how many commits that took where none was lost.</returns>
    private async Task<(string[] State, int Commits)> RunAsync(OldKinto kinto, string name, int failing, bool stores)
    {
        using var database = SqliteDatabase.Open(new SqliteOptions { Path = Path.Combine(directory.Path, name + ".db") });
        var (accounts, buckets) = (new SqliteAccountStore(database), new SqliteBucketStore(database));
        var store = new FailingBucketStore(buckets, failing, stores);
        if (failing > 0)
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => ImportAsync(kinto, accounts, store));

            // Until all is here nobody signs in, and what is not whole is nobody's.
            Assert.Equal(AccountLogin.Pending, (await accounts.FindAsync("alice", default))!.PasswordHash);
            var lost = await buckets.LoadAsync(BucketId.Named("big"), claim: false, default);
            Assert.NotEqual(failing < 4 || (failing == 4 && !stores), lost?.Author == Alice);
        }

        var tally = await ImportAsync(kinto, accounts, store);
        Assert.True(tally is { IsEven: true, IsWhole: true }, string.Join('\n', tally.Notes));
        Assert.Equal(Hash, (await accounts.FindAsync("alice", default))!.PasswordHash);
        var number = (await accounts.FindAsync("alice", default))!.Number;
        var state = new List<string>();
        foreach (var bucket in new[] { "big", "small" })
        {
            var heads = (await buckets.LoadAsync(BucketId.Named(bucket), claim: false, default))!;
            Assert.Equal((true, Alice, number), (heads.Exists, heads.Author, heads.AuthorNumber));
            foreach (var head in heads.Lists.Values.OrderBy(static head => (head.List.Role, head.List.Name)))
            {
                var query = new ListQuery { After = ServerTimestamp.Zero, Limit = int.MaxValue };
                var rows = (await buckets.ScanAsync(new RecordScan(heads.Key, head.Key, query, int.MaxValue, long.MaxValue), default)).Records;
                Assert.Equal((head.Count, head.Bytes), (rows.Count(static row => !row.IsTombstone), rows.Sum(static row => (long)row.Length)));

                // When groups were named is of each run.
                state.Add($"{bucket} {head.List} {head.RowsModified} {head.Touched} {head.Horizon} {string.Join(' ', head.Acl?.ForeignGroups ?? [])}");
                state.AddRange(rows.Select(row => $"{bucket} {head.List} {row.Id} {row.Modified} {row.IsTombstone} {row.Length} {row.AclLength}").Order(StringComparer.Ordinal));
            }
        }

        return ([.. state], store.Commits);
    }
}

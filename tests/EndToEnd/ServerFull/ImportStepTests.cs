using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Logins;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Sync11;
using Lockstep.Gateway.Sync11.Tests;
using Lockstep.Gateway.SyncStorage;
using Lockstep.Import.ServerFull;
using Lockstep.Storage.PostgreSql.Testing;
using Lockstep.Storage.Sqlite;
using Lockstep.Storage.Sqlite.Logins;

namespace Lockstep.EndToEnd.ServerFull;

/// <summary>An import that is lost in any of its commits, and gone on with.</summary>
public sealed class ImportStepTests : IDisposable
{
    private const int Records = 2_500;

    private static readonly ImportRules Rules = new(UserName.IsValid, UserName.AccountName, SyncNames.IsCollection, SyncNames.IsId);
    private readonly TemporaryDirectory directory = new();

    private string OldFile => Path.Combine(directory.Path, "old.db");

    public void Dispose() => directory.Dispose();

    [SqliteFact("What goes on with an import is the same on each engine; killed processes are tried on both.")]
    public async Task Import_ThatIsLostInWhateverCommit_LeavesNobodyHalf_AndEndsTheSame()
    {
        await using (var old = await OldDatabase.CreateSqliteAsync(OldFile))
        {
            await old.ExecuteAsync("BEGIN");
            await old.AddUserAsync(1, "ann@example.org", OldDatabase.Hash("a good password"));
            await old.AddUserAsync(2, "bob@example.org", OldDatabase.Hash("a good password"));
            for (var i = 0; i < Records; i++)
            {
                await old.AddRecordAsync(1, i % 2 == 0 ? "history" : "forms", $"r{i}", $"{i}", (OldDatabase.Earlier * 100) + i);
            }

            await old.AddRecordAsync(2, "history", "r", "bob's");
            await old.ExecuteAsync("COMMIT");
        }

        var (whole, commits) = await RunAsync("whole", failing: 0, stores: false);
        Assert.Equal(4, commits);
        Assert.Equal(Records + 1, whole.Length);
        for (var failing = 1; failing <= commits; failing++)
        {
            foreach (var stores in new[] { false, true })
            {
                Assert.Equal(whole, (await RunAsync($"{failing}{stores}", failing, stores)).State);
            }
        }
    }

    /// <returns>What is there at the end, and how many commits that took where none was lost.</returns>
    private async Task<(string[] State, int Commits)> RunAsync(string name, int failing, bool stores)
    {
        using var database = SqliteDatabase.Open(new SqliteOptions { Path = Path.Combine(directory.Path, name + ".db") });
        var (logins, buckets) = (new SqliteLoginStore(database), new SqliteBucketStore(database));
        var store = new FailingBucketStore(buckets, failing, stores);
        if (failing > 0)
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => ImportAsync(logins, store));

            // Whoever is not whole has a login that opens nothing and that no mail goes to.
            var lost = (await logins.FindAsync(WeaveClient.NameOf(failing < 4 ? "ann@example.org" : "bob@example.org"), default))!;
            Assert.Equal((AccountLogin.Pending, ""), (lost.PasswordHash, lost.Email));
            Assert.False(PasswordHash.Verify("a good password", lost.PasswordHash));
        }

        var tally = await ImportAsync(logins, store);
        Assert.True(tally is { IsEven: true, IsWhole: true });
        Assert.Equal(failing == 4 ? (1, 1) : (2, 0), (tally.UsersImported, tally.UsersHere));
        var state = new List<string>();
        foreach (var email in new[] { "ann@example.org", "bob@example.org" })
        {
            var login = (await logins.FindAsync(WeaveClient.NameOf(email), default))!;
            Assert.True(PasswordHash.Verify("a good password", login.PasswordHash));
            Assert.Equal((email, email, 77L), (login.Email, login.Account.Name, login.QuotaBytes));
            var heads = (await buckets.LoadAsync(BucketId.OldSyncStorage(login.Account.Number), claim: false, default))!;
            foreach (var head in heads.Lists.Values.Where(static head => head.List.Role == ListRole.Records).OrderBy(static head => head.List.Name, StringComparer.Ordinal))
            {
                var rows = await buckets.ScanAsync(new RecordScan(heads.Key, head.Key, new ListQuery { Limit = int.MaxValue }, int.MaxValue, long.MaxValue), default);
                Assert.Equal((head.Count, head.Bytes, head.Touched), (rows.Records.Count, rows.Records.Sum(static row => (long)row.Length), rows.Records.Max(static row => row.Modified)));
                state.AddRange(rows.Records.Select(row => $"{email} {head.List.Name} {row.Id} {row.Modified} {row.Length}").Order(StringComparer.Ordinal));
            }
        }

        return ([.. state], store.Commits);
    }

    private async Task<ImportTally> ImportAsync(SqliteLoginStore logins, IBucketStore buckets)
    {
        await using var old = await ServerFullDatabase.OpenAsync(SqlUri.Parse($"sqlite:///{OldFile}"), default);
        var import = new ServerFullImport(old, old, logins, buckets, Rules, new ImportOptions { HashIterations = 10, QuotaBytes = 77 }, TimeProvider.System);
        return await import.RunAsync(static _ => { }, default);
    }
}

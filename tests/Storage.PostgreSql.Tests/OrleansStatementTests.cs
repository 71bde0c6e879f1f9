using Npgsql;

namespace Lockstep.Storage.PostgreSql.Tests;

/// <summary>The statements that Orleans' ADO.NET providers find in the database and run, with the parameters that they pass.</summary>
public sealed class OrleansStatementTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly DateTime Start = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    [Fact]
    public async Task FirstWrites_OfOneGrainAtOnce_OneIsStored()
    {
        for (var round = 0; round < 20; round++)
        {
            var key = $"grain{round}";
            var versions = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => WriteStateAsync(key, version: null)));

            Assert.Equal(1, Assert.Single(versions, version => version is not null));
            Assert.Equal(1L, await database.QueryAsync($"SELECT count(*) FROM grain_states WHERE key = '{key}'"));
        }
    }

    [Fact]
    public async Task Writes_FromOneVersion_OneIsStored_TheOthersKeepTheirVersion()
    {
        Assert.Equal(1, await WriteStateAsync("contended", version: null));

        var versions = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => WriteStateAsync("contended", version: 1)));

        Assert.Single(versions, 2);
        Assert.Equal(7, versions.Count(version => version == 1));
    }

    [Fact]
    public async Task State_Deleted_CanBeWrittenFirstAgain_AndIsNotThereBetween()
    {
        await WriteStateAsync("passing", version: null);

        Assert.Equal(2, await RunAsync("DeleteStorageKey", State("passing", version: 1)));
        Assert.Null(await RunAsync("ReadFromStorageKey", State("passing", version: null)));
        Assert.Null(await RunAsync("DeleteStorageKey", State("passing", version: 2)));
        Assert.Equal(1, await WriteStateAsync("passing", version: null));
    }

    [Fact]
    public async Task Joins_FromOneVersionOfTheCluster_OneIsDone()
    {
        const string cluster = "joining";
        Assert.Equal(1, await RunAsync("InsertMembershipVersionKey", ("DeploymentId", cluster)));
        Assert.Equal(0, await RunAsync("InsertMembershipVersionKey", ("DeploymentId", cluster)));

        var joined = await Task.WhenAll(Enumerable.Range(1, 8).Select(port => JoinAsync(cluster, port, version: 0)));

        Assert.Equal(1, joined.Sum());
        Assert.Equal(1L, await database.QueryAsync($"SELECT count(*) FROM silos WHERE cluster = '{cluster}'"));
        Assert.Equal(1, await database.QueryAsync($"SELECT version FROM clusters WHERE cluster = '{cluster}'"));
    }

    [Fact]
    public async Task Join_OfASiloThatIsThere_OrFromAnOldVersion_ChangesNothing()
    {
        const string cluster = "again";
        await RunAsync("InsertMembershipVersionKey", ("DeploymentId", cluster));
        Assert.Equal(1, await JoinAsync(cluster, port: 1, version: 0));

        Assert.Equal(0, await JoinAsync(cluster, port: 1, version: 1));
        Assert.Equal(0, await JoinAsync(cluster, port: 2, version: 0));
        Assert.Equal(1, await database.QueryAsync($"SELECT version FROM clusters WHERE cluster = '{cluster}'"));
    }

    [Fact]
    public async Task Update_FromTheVersion_IsDoneOnce_AndShowsInWhatGatewaysSee()
    {
        const string cluster = "updating";
        await RunAsync("InsertMembershipVersionKey", ("DeploymentId", cluster));
        await JoinAsync(cluster, port: 1, version: 0);
        Assert.Null(await RunAsync("GatewaysQueryKey", ("DeploymentId", cluster), ("Status", 3)));

        Assert.Equal(1, await UpdateAsync(cluster, status: 3, version: 1));
        Assert.Equal(0, await UpdateAsync(cluster, status: 6, version: 1));
        Assert.Equal("127.0.0.1", await RunAsync("GatewaysQueryKey", ("DeploymentId", cluster), ("Status", 3)));
        Assert.Equal(0, await UpdateAsync(cluster, status: 3, version: 2, port: 9));
        Assert.Equal(2, await database.QueryAsync($"SELECT version FROM clusters WHERE cluster = '{cluster}'"));
    }

    [Fact]
    public async Task CleanUp_RemovesTheGone_NotTheActive_NorOtherClusters()
    {
        foreach (var cluster in (string[])["cleaned", "untouched"])
        {
            await RunAsync("InsertMembershipVersionKey", ("DeploymentId", cluster));
            await JoinAsync(cluster, port: 1, version: 0);
            await UpdateAsync(cluster, status: 3, version: 1);
            await JoinAsync(cluster, port: 2, version: 2);
        }

        await RunAsync("CleanupDefunctSiloEntriesKey", ("DeploymentId", "cleaned"), ("IAmAliveTime", Start.AddDays(1)));

        Assert.Equal(1, await database.QueryAsync("SELECT port FROM silos WHERE cluster = 'cleaned'"));
        Assert.Equal(2L, await database.QueryAsync("SELECT count(*) FROM silos WHERE cluster = 'untouched'"));
        await RunAsync("DeleteMembershipTableEntriesKey", ("DeploymentId", "cleaned"));
        Assert.Equal(0L, await database.QueryAsync("SELECT count(*) FROM silos WHERE cluster = 'cleaned'"));
        Assert.Equal(0L, await database.QueryAsync("SELECT count(*) FROM clusters WHERE cluster = 'cleaned'"));
    }

    private Task<int?> WriteStateAsync(string key, int? version) =>
        RunAsync("WriteToStorageKey", [.. State(key, version), ("PayloadBinary", new byte[] { 1 })]).ContinueWith(
            static run => (int?)run.GetAwaiter().GetResult(), TaskScheduler.Default);

    private async Task<int> JoinAsync(string cluster, int port, int version) => (int)(await RunAsync(
        "InsertMembershipKey",
        [.. Silo(cluster, port), ("SiloName", "s"), ("HostName", "h"), ("Status", 2), ("ProxyPort", 30_000), ("StartTime", Start), ("IAmAliveTime", Start), ("Version", version)]))!;

    private async Task<int> UpdateAsync(string cluster, int status, int version, int port = 1) => (int)(await RunAsync(
        "UpdateMembershipKey", [.. Silo(cluster, port), ("Status", status), ("SuspectTimes", null), ("IAmAliveTime", Start), ("Version", version)]))!;

    private static (string, object?)[] Silo(string cluster, int port) =>
        [("DeploymentId", cluster), ("Address", "127.0.0.1"), ("Port", port), ("Generation", 7)];

    private static (string, object?)[] State(string key, int? version) =>
    [
        ("GrainIdHash", 1), ("GrainIdN0", 0L), ("GrainIdN1", 0L), ("GrainTypeHash", 2), ("GrainTypeString", "type"),
        ("GrainIdExtensionString", key), ("ServiceId", "lockstep"), ("GrainStateVersion", version),
    ];

    /// <returns>The first column of the first row; null when there is none, or it is.</returns>
    private async Task<object?> RunAsync(string key, params (string Name, object? Value)[] parameters)
    {
        await using var source = NpgsqlDataSource.Create(database.Connection);
        await using var find = source.CreateCommand($"SELECT querytext FROM orleansquery WHERE querykey = '{key}'");
        await using var command = source.CreateCommand((string)(await find.ExecuteScalarAsync())!);
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        var result = await command.ExecuteScalarAsync();
        return result is DBNull ? null : result;
    }
}

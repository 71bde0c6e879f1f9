using Lockstep.Silo.Cluster;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;

namespace Lockstep.Cluster.Tests;

public sealed class ClusterProblemsTests
{
    private static readonly LockstepOptions Right = new() { Postgres = new PostgresOptions { Connection = "Host=db" } };

    [Fact]
    public void Defaults_WithADatabase_AreRight() => Assert.Empty(ClusterProblems.Of(Right));

    [Fact]
    public void Nothing_Set_IsRight() => Assert.Empty(ClusterProblems.Of(new LockstepOptions()));

    [Theory]
    [InlineData(nameof(ServerRole.Silo))]
    [InlineData(nameof(ServerRole.Gateway))]
    public void Role_ThatNeedsOthers_WithoutADatabase_IsNamed(string role) =>
        AssertProblem("Postgres:Connection", new LockstepOptions { Role = Enum.Parse<ServerRole>(role) });

    /// <summary>Whoever reaches a silo's ports is believed.</summary>
    [Theory]
    [InlineData(nameof(ServerRole.All))]
    [InlineData(nameof(ServerRole.Silo))]
    public void Address_ThatOthersReach_NeedsTlsOrTheWordOfTheOperator(string role)
    {
        var open = With(cluster => cluster with { Address = "10.0.0.5" }) with { Role = Enum.Parse<ServerRole>(role) };

        AssertProblem("Cluster:TrustNetwork", open);
        Assert.Empty(ClusterProblems.Of(open with { Cluster = open.Cluster with { TrustNetwork = true } }));
        Assert.DoesNotContain(
            ClusterProblems.Of(open with { Cluster = open.Cluster with { Tls = new ClusterTls { Key = "k", Certificate = "c", Authority = "a" } } }),
            problem => problem.Contains("TrustNetwork", StringComparison.Ordinal));
    }

    [Fact]
    public void Address_ThatOthersReach_WithoutASilo_IsNobodysToReach() =>
        Assert.Empty(ClusterProblems.Of(With(cluster => cluster with { Address = "10.0.0.5" }) with { Role = ServerRole.Gateway }));

    [Fact]
    public void Wrong_Setting_IsNamed()
    {
        AssertProblem("Role", Right with { Role = (ServerRole)9 });
        AssertProblem("Cluster:Id", With(cluster => cluster with { Id = "" }));
        AssertProblem("Cluster:Id", With(cluster => cluster with { Id = new string('x', 101) }));
        AssertProblem("Cluster:Address", With(cluster => cluster with { Address = "silo.example.org" }));
        AssertProblem("Cluster:Address", With(cluster => cluster with { Address = "0.0.0.0" }));
        AssertProblem("Cluster:SiloPort", With(cluster => cluster with { SiloPort = 0 }));
        AssertProblem("Cluster:GatewayPort", With(cluster => cluster with { GatewayPort = 70_000 }));
        AssertProblem("Cluster:SiloPort", With(cluster => cluster with { SiloPort = 30_000 }));
        AssertProblem("Cluster:MissedProbes", With(cluster => cluster with { MissedProbes = 0 }));
        AssertProblem("Cluster:DeathVotes", With(cluster => cluster with { DeathVotes = 0 }));
        AssertProblem("Cluster:ProbeTimeout", With(cluster => cluster with { ProbeTimeout = TimeSpan.FromDays(2) }));
        AssertProblem("Cluster:DepartureTime", With(cluster => cluster with { DepartureTime = TimeSpan.FromDays(2) }));
        AssertProblem("Cluster:FailoverWait", With(cluster => cluster with { FailoverWait = TimeSpan.FromDays(10) }));
        AssertProblem("Cluster:Tls", With(cluster => cluster with { Tls = new ClusterTls { Key = typeof(ClusterProblemsTests).Assembly.Location } }));
        AssertProblem("/nowhere", With(cluster => cluster with { Tls = new ClusterTls { Key = "/nowhere", Certificate = "/nowhere", Authority = "/nowhere" } }));
    }

    private static LockstepOptions With(Func<ClusterSettings, ClusterSettings> change) => Right with { Cluster = change(Right.Cluster) };

    private static void AssertProblem(string name, LockstepOptions options) =>
        Assert.Contains(Setting.Of(options).Select(setting => setting.Problem(setting.Value) ?? "").Concat(ClusterProblems.Of(options)), problem => problem.Contains(name, StringComparison.Ordinal));
}

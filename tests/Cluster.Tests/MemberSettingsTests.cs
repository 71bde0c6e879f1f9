using Lockstep.Silo.Hosting;
using Lockstep.Storage.PostgreSql;

namespace Lockstep.Cluster.Tests;

public sealed class MemberSettingsTests
{
    private static readonly MemberOptions Right = new() { Role = MemberRole.All, Postgres = new PostgresOptions { Connection = "Host=db" } };

    [Fact]
    public void Defaults_WithADatabase_AreRight() => Assert.Empty(MemberSettings.Problems(Right));

    [Fact]
    public void Wrong_Setting_IsNamed()
    {
        AssertProblem("Postgres:Connection", Right with { Postgres = new PostgresOptions() });
        AssertProblem("Role", Right with { Role = (MemberRole)9 });
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
        AssertProblem("Cluster:Tls", With(cluster => cluster with { Tls = new ClusterTls { Key = typeof(MemberSettingsTests).Assembly.Location } }));
        AssertProblem("/nowhere", With(cluster => cluster with { Tls = new ClusterTls { Key = "/nowhere", Certificate = "/nowhere", Authority = "/nowhere" } }));
    }

    private static MemberOptions With(Func<ClusterSettings, ClusterSettings> change) => Right with { Cluster = change(Right.Cluster) };

    private static void AssertProblem(string name, MemberOptions options) =>
        Assert.Contains(Setting.Of(options).Select(setting => setting.Problem(setting.Value) ?? "").Concat(MemberSettings.Problems(options)), problem => problem.Contains(name, StringComparison.Ordinal));
}

using System.Globalization;
using Xunit.Abstractions;

namespace Lockstep.Gateway.Sync15.Tests.Hostile;

/// <summary>How long the fuzzers go on, and from where.</summary>
internal static class HostileSettings
{
    /// <summary>Requests of each; <c>LOCKSTEP_TEST_REQUESTS</c> for more. Fewer on PostgreSQL, which takes ten times as long.</summary>
#if CLUSTER
    public static int Requests => Number("LOCKSTEP_TEST_REQUESTS") ?? 2_000;
#else
    public static int Requests => Number("LOCKSTEP_TEST_REQUESTS") ?? (Storage.PostgreSql.Testing.PostgresServer.IsChosen ? 2_000 : 4_000);
#endif

    /// <summary><c>LOCKSTEP_TEST_SEED</c>, or a new one, which is printed.</summary>
    public static int Seed(ITestOutputHelper log)
    {
        var seed = Number("LOCKSTEP_TEST_SEED") ?? Random.Shared.Next();
        log.WriteLine($"seed {seed}");
        return seed;
    }

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : null;
}

using Xunit;

namespace Lockstep.Storage.PostgreSql.Testing;

/// <summary>A test of what only PostgreSQL has, left out when the tests run on SQLite.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute(string reason)
    {
        Reason = reason;
        Skip = PostgresServer.IsChosen ? null : reason;
    }

    /// <summary>Why it makes no sense on SQLite.</summary>
    public string Reason { get; }
}

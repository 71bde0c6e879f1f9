using Xunit;

namespace Lockstep.Storage.PostgreSql.Testing;

/// <summary>A test of what only SQLite has, left out when the tests run on PostgreSQL.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SqliteFactAttribute : FactAttribute
{
    public SqliteFactAttribute(string reason)
    {
        Reason = reason;
        Skip = PostgresServer.IsChosen ? reason : null;
    }

    /// <summary>Why it makes no sense on PostgreSQL.</summary>
    public string Reason { get; }
}

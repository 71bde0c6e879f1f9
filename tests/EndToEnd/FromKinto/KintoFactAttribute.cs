using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.EndToEnd.FromKinto;

/// <summary>A test that is left out, with the reason, where there is no PostgreSQL: Kinto keeps what it has there, wherever this server keeps it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KintoFactAttribute : FactAttribute
{
    /// <param name="onSqlite">Why it runs only where the tests run on SQLite; null for on both engines.</param>
    public KintoFactAttribute(string? onSqlite = null)
    {
        OnSqlite = onSqlite;
        Skip = Environment.GetEnvironmentVariable(PostgresServer.Variable) is not { Length: > 0 } ? $"Kinto's tables need PostgreSQL: name a server in {PostgresServer.Variable}."
            : PostgresServer.IsChosen ? onSqlite
            : null;
    }

    /// <summary>Why it runs only where the tests run on SQLite.</summary>
    public string? OnSqlite { get; }
}

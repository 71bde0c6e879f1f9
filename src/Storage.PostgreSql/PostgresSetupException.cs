namespace Lockstep.Storage.PostgreSql;

/// <summary>This program cannot use the database. The message says why and what to do.</summary>
public sealed class PostgresSetupException : Exception
{
    public PostgresSetupException()
    {
    }

    public PostgresSetupException(string message)
        : base(message)
    {
    }

    public PostgresSetupException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

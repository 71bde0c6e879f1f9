namespace Lockstep.Storage.Sqlite.Schema;

/// <summary>This program cannot use the file. The message says why and what to do.</summary>
public sealed class SqliteSchemaException : Exception
{
    public SqliteSchemaException()
    {
    }

    public SqliteSchemaException(string message)
        : base(message)
    {
    }

    public SqliteSchemaException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

using System.Net.Sockets;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Connections;

/// <summary>Tells from an error of PostgreSQL or its driver what became of the statement, and whether to send it again.</summary>
internal static class PostgresFaults
{
    /// <summary>The server rejected the values (SQLSTATE class 22, data, 23, constraints, or 54, limits of the program). Sending the statement again does not help.</summary>
    public static bool IsAboutTheData(Exception fault) =>
        fault is PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] };

    /// <summary>A deadlock or a conflict with another transaction. Sending the statement again helps.</summary>
    public static bool IsConflict(Exception fault) =>
        fault is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected };

    /// <summary>The server ended the statement because it, or its wait for a lock, took too long. Nothing of its transaction was done.</summary>
    public static bool IsEndedByTheServer(Exception fault) =>
        fault is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.LockNotAvailable };

    /// <summary>
    /// The transaction was certainly rolled back: the server reported an error and keeps running. After any other failure, such as a lost
    /// connection, a time-out or a server that shuts down, the transaction may have been committed.
    /// </summary>
    public static bool IsRolledBack(Exception fault) => fault is PostgresException { InvariantSeverity: "ERROR" } && !IsLostConnection(fault);

    /// <summary>The cause is the connection or the server, not this program.</summary>
    public static bool IsOfTheDatabase(Exception fault) =>
        fault is NpgsqlException or SocketException or IOException or TimeoutException;

    /// <summary>The cause is a value that cannot be sent, or a bug in this program. The same values fail again.</summary>
    public static bool IsOfTheProgram(Exception fault) => !IsOfTheDatabase(fault) && fault is not (OperationCanceledException or ObjectDisposedException);

    /// <summary>The server cannot be reached, or is starting or stopping. The statement itself may be correct.</summary>
    public static bool IsAway(Exception? fault) =>
        fault is not null && (IsLostConnection(fault) || IsEndedByTheServer(fault) || fault is TimeoutException or NpgsqlException { InnerException: TimeoutException });

    /// <summary>Tells the operator in one line why the database cannot be used. Secrets of the connection are left out.</summary>
    /// <param name="fault">The fault.</param>
    /// <param name="setting">The setting that names the database.</param>
    public static PostgresSetupException Explain(Exception fault, string setting)
    {
        // With several hosts, the last one's reason is innermost.
        var cause = fault;
        while (cause is NpgsqlException and not PostgresException && cause.InnerException is { } inner)
        {
            cause = inner is AggregateException { InnerExceptions: [.., var last] } ? last : inner;
        }

        var reason = cause switch
        {
            PostgresException refused => refused.MessageText,
            _ when IsOfTheDatabase(cause) || IsOfTheDatabase(fault) => ReferenceEquals(cause, fault) ? fault.Message : $"{fault.Message.TrimEnd('.')} ({cause.Message})",

            // Npgsql's message about a value may repeat it, and it may be the password.
            _ => "a value in it cannot be used",
        };
        return new PostgresSetupException(
            $"The PostgreSQL database of {setting} cannot be used: {reason.ReplaceLineEndings(" ").TrimEnd('.')}. Look at the setting, and at the server.", fault);
    }

    /// <summary>A read that failed like this may well succeed on another connection.</summary>
    public static bool IsLostConnection(Exception fault) => fault switch
    {
        PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } => false,
        PostgresException { SqlState: ['5', '7', ..] or ['0', '8', ..] } => true,
        PostgresException => false,
        NpgsqlException { InnerException: TimeoutException } => false,
        NpgsqlException or SocketException or IOException => true,
        _ => false,
    };
}

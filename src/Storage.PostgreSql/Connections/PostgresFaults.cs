using System.Net.Sockets;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Connections;

/// <summary>What a fault of PostgreSQL says about the statement that met it.</summary>
internal static class PostgresFaults
{
    /// <summary>The server refused the values themselves (classes 22, data, and 23, constraints): sending them again does not help.</summary>
    public static bool IsAboutTheData(Exception fault) =>
        fault is PostgresException { SqlState: ['2', '2' or '3', ..] };

    /// <summary>A deadlock or a conflict with another transaction: sending it again helps.</summary>
    public static bool IsConflict(Exception fault) =>
        fault is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected };

    /// <summary>The server ended the statement since it, or its wait for a lock, took too long. Of a transaction nothing was done.</summary>
    public static bool IsEndedByTheServer(Exception fault) =>
        fault is PostgresException { SqlState: PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.LockNotAvailable };

    /// <summary>
    /// The transaction was rolled back for certain: the server said so and lives on. Everything else, be it a lost
    /// connection, a time-out or a server that is going down, may have come after the commit.
    /// </summary>
    public static bool IsRolledBack(Exception fault) => fault is PostgresException { InvariantSeverity: "ERROR" } && !IsLostConnection(fault);

    /// <summary>The connection or the server, as opposed to this program.</summary>
    public static bool IsOfTheDatabase(Exception fault) =>
        fault is NpgsqlException or SocketException or IOException or TimeoutException;

    /// <summary>A value that cannot be sent, or a bug: it has nothing to do with the database, and comes again with the same values.</summary>
    public static bool IsOfTheProgram(Exception fault) => !IsOfTheDatabase(fault) && fault is not (OperationCanceledException or ObjectDisposedException);

    /// <summary>Nobody is there to ask: the network, the server or its start. What it was asked for may well be right.</summary>
    public static bool IsAway(Exception? fault) =>
        fault is not null && (IsLostConnection(fault) || IsEndedByTheServer(fault) || fault is TimeoutException or NpgsqlException { InnerException: TimeoutException });

    /// <summary>Why the database cannot be used at all, for whoever runs the program: one line, and nothing of the connection's secrets.</summary>
    /// <param name="fault">What came.</param>
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

            // What Npgsql says of a value may repeat it, and it may be the password.
            _ => "a value in it cannot be used",
        };
        return new PostgresSetupException(
            $"The PostgreSQL database of {setting} cannot be used: {reason.ReplaceLineEndings(" ").TrimEnd('.')}. Look at the setting, and at the server.", fault);
    }

    /// <summary>A read that met this may well be answered on another connection.</summary>
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

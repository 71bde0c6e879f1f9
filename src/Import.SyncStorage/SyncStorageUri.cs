using System.Data.Common;
using MySqlConnector;
using Npgsql;

namespace Lockstep.Import.SyncStorage;

/// <summary>
/// A database as <c>database_url</c> of syncstorage-rs names it: <c>mysql://user:password@host:3306/name</c>, also with <c>?unix_socket=/path</c>, or
/// <c>postgresql://user:password@host:5432/name</c>, where <c>?host=/path</c> may name a socket's directory.
/// </summary>
public sealed class SyncStorageUri
{
    private readonly string connection;

    private SyncStorageUri(bool isMySql, string connection, string description) => (IsMySql, this.connection, Description) = (isMySql, connection, description);

    /// <summary>Whether it is MySQL; otherwise it is PostgreSQL.</summary>
    public bool IsMySql { get; }

    /// <summary>Host and database, for people; without the password.</summary>
    public string Description { get; }

    /// <param name="text">The URI.</param>
    /// <exception cref="SyncStorageException">It does not name a database that can be read. The message repeats nothing of it.</exception>
    public static SyncStorageUri Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.AbsolutePath.Length < 2 || uri.Scheme is not ("mysql" or "postgres" or "postgresql"))
        {
            throw new SyncStorageException("The database is none that can be read. Use mysql://user:password@host:3306/name or postgresql://user:password@host:5432/name, as database_url of the old settings has it.");
        }

        var user = uri.UserInfo.Split(':', 2);
        var (name, password, database) = (Unescape(user[0]), user.Length > 1 ? Unescape(user[1]) : "", Unescape(uri.AbsolutePath[1..]));
        var query = uri.Query.TrimStart('?').Split('&').Select(static pair => pair.Split('=', 2)).Where(static pair => pair.Length == 2)
            .ToDictionary(static pair => pair[0], static pair => Unescape(pair[1]), StringComparer.Ordinal);
        return uri.Scheme is "mysql" ? MySql(uri, name, password, database, query) : Postgres(uri, name, password, database, query);
    }

    internal DbConnection Connect() => IsMySql ? new MySqlConnection(connection) : new NpgsqlConnection(connection);

    private static SyncStorageUri MySql(Uri uri, string name, string password, string database, Dictionary<string, string> query)
    {
        var mysql = new MySqlConnectionStringBuilder
        {
            Server = uri.Host,
            UserID = name,
            Password = password,
            Database = database,
            Pooling = false,

            // Counting a large table takes long.
            DefaultCommandTimeout = 0,
        };
        if (uri.Port > 0)
        {
            mysql.Port = (uint)uri.Port;
        }

        if (query.TryGetValue("unix_socket", out var socket))
        {
            (mysql.Server, mysql.ConnectionProtocol) = (socket, MySqlConnectionProtocol.UnixSocket);
        }

        return new SyncStorageUri(isMySql: true, mysql.ToString(), $"{mysql.Server}/{database}");
    }

    private static SyncStorageUri Postgres(Uri uri, string name, string password, string database, Dictionary<string, string> query)
    {
        var postgres = new NpgsqlConnectionStringBuilder
        {
            Host = query.GetValueOrDefault("host", uri.Host.Length > 0 ? uri.Host.Trim('[', ']') : "localhost"),
            Username = name.Length > 0 ? name : null,
            Password = password.Length > 0 ? password : null,
            Database = database,
            Pooling = false,
            CommandTimeout = 0,
        };
        if (uri.Port > 0)
        {
            postgres.Port = uri.Port;
        }

        return new SyncStorageUri(isMySql: false, postgres.ToString(), $"{postgres.Host}/{database}");
    }

    private static string Unescape(string text) => Uri.UnescapeDataString(text);
}

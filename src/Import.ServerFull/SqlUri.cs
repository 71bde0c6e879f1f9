using System.Data.Common;
using Microsoft.Data.Sqlite;
using MySqlConnector;

namespace Lockstep.Import.ServerFull;

/// <summary>
/// A database as <c>sqluri</c> of an old <c>sync.conf</c> names it: <c>sqlite:////absolute/path</c>, <c>sqlite:///relative/path</c>,
/// <c>mysql://user:password@host:port/name</c>, also with <c>?unix_socket=/path</c>, and with <c>pymysql</c> or <c>mysql+…</c> in place of <c>mysql</c>.
/// </summary>
public sealed class SqlUri
{
    private const int MySqlPort = 3306;

    private readonly string connection;

    private SqlUri(bool isMySql, string connection, string description) => (IsMySql, this.connection, Description) = (isMySql, connection, description);

    /// <summary>Else it is a SQLite file.</summary>
    public bool IsMySql { get; }

    /// <summary>Where it is, for people; without the password.</summary>
    public string Description { get; }

    /// <param name="text">The URI.</param>
    /// <exception cref="ServerFullException">It names none that can be read.</exception>
    public static SqlUri Parse(string text)
    {
        const string file = "sqlite:///";
        if (text.StartsWith(file, StringComparison.OrdinalIgnoreCase))
        {
            var path = text[file.Length..].Split('?')[0];
            var sqlite = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false };
            return File.Exists(path)
                ? new SqlUri(isMySql: false, sqlite.ToString(), Path.GetFullPath(path))
                : throw new ServerFullException($"There is no file '{Path.GetFullPath(path)}'. A path from the root on has four slashes: sqlite:////srv/sync/sync.db.");
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme.Split('+')[0] is not ("mysql" or "pymysql") || uri.AbsolutePath.Length < 2)
        {
            // Not repeated: there may be a password in it.
            throw new ServerFullException("The database is none that can be read. Use sqlite:////path/of/file or mysql://user:password@host:3306/name, as sqluri of the old sync.conf has it.");
        }

        var user = uri.UserInfo.Split(':', 2);
        var query = uri.Query.TrimStart('?').Split('&').Select(static pair => pair.Split('=', 2)).Where(static pair => pair.Length == 2).ToDictionary(static pair => pair[0], static pair => Unescape(pair[1]), StringComparer.Ordinal);
        var mysql = new MySqlConnectionStringBuilder
        {
            Server = uri.Host,
            Port = uri.Port > 0 ? (uint)uri.Port : MySqlPort,
            UserID = Unescape(user[0]),
            Password = user.Length > 1 ? Unescape(user[1]) : "",
            Database = Unescape(uri.AbsolutePath[1..]),
            Pooling = false,

            // A large table takes long to be looked through.
            DefaultCommandTimeout = 0,
        };
        if (query.TryGetValue("unix_socket", out var socket))
        {
            (mysql.Server, mysql.ConnectionProtocol) = (socket, MySqlConnectionProtocol.UnixSocket);
        }

        return new SqlUri(isMySql: true, mysql.ToString(), $"{mysql.Server}/{mysql.Database}");
    }

    internal DbConnection Connect() => IsMySql ? new MySqlConnection(connection) : new SqliteConnection(connection);

    private static string Unescape(string text) => Uri.UnescapeDataString(text);
}

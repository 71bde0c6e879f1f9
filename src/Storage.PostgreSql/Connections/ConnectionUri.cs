using System.Data.Common;

namespace Lockstep.Storage.PostgreSql.Connections;

/// <summary>
/// Connections written as URIs, as in most programs except Npgsql: <c>postgresql://user:password@host:5432/database?sslmode=require</c>
/// (PostgreSQL's documentation, "Connection URIs"; one host).
/// </summary>
internal static class ConnectionUri
{
    private static readonly Dictionary<string, string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
        ["options"] = "Options",
        ["passfile"] = "Passfile",
        ["password"] = "Password",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["target_session_attrs"] = "Target Session Attributes",
        ["user"] = "Username",
    };

    public static bool IsOne(string connection) =>
        connection.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase) || connection.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase);

    /// <returns>The same as a connection string of keywords.</returns>
    /// <exception cref="FormatException">It is not such a URI. The message repeats nothing of it.</exception>
    public static string ToConnectionString(string connection)
    {
        if (!Uri.TryCreate(connection, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            throw new FormatException("It is no URI with one host.");
        }

        var keywords = new DbConnectionStringBuilder { ["Host"] = uri.Host.Trim('[', ']') };
        if (uri.Port > 0)
        {
            keywords["Port"] = uri.Port;
        }

        var user = uri.UserInfo.Split(':', 2);
        Set("Username", user[0]);
        Set("Password", user.Length > 1 ? user[1] : "");
        Set("Database", uri.AbsolutePath.Trim('/'));
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            if (parts.Length < 2 || !Keywords.TryGetValue(parts[0], out var keyword))
            {
                // The name is not repeated: what looks like a parameter may be the rest of a password that contains "&".
                throw new FormatException($"It has a parameter that is not known. Known are {string.Join(", ", Keywords.Keys)}; write '&' in a password as %26.");
            }

            // libpq writes verify-full, Npgsql VerifyFull.
            Set(keyword, keyword is "SSL Mode" ? parts[1].Replace("-", "", StringComparison.Ordinal) : parts[1]);
        }

        return keywords.ConnectionString;

        void Set(string keyword, string value)
        {
            if (value.Length > 0)
            {
                keywords[keyword] = Uri.UnescapeDataString(value);
            }
        }
    }
}

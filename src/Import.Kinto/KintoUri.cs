using Npgsql;

namespace Lockstep.Import.Kinto;

/// <summary>
/// A database as <c>storage_url</c> of Kinto's settings names it: <c>postgresql://user:password@host:port/name</c>. The scheme may also be <c>postgresql+…</c> or
/// <c>postgres</c>, and <c>?host=/path</c> may name a socket's directory. Connection strings of Npgsql (<c>Host=…</c>) are accepted too.
/// </summary>
public sealed class KintoUri
{
    private KintoUri(NpgsqlConnectionStringBuilder connection)
    {
        // Sorting a large table takes long.
        (connection.Pooling, connection.Enlist, connection.CommandTimeout) = (false, false, 0);
        connection.ApplicationName ??= "lockstep kinto import";
        Connection = connection.ConnectionString;
        Description = $"{connection.Host}/{connection.Database}";
    }

    /// <summary>Host and database, for people; without the password.</summary>
    public string Description { get; }

    internal string Connection { get; }

    /// <param name="text">The URI.</param>
    /// <exception cref="KintoException">It does not name a database that can be read. The message repeats nothing of it.</exception>
    public static KintoUri Parse(string text)
    {
        try
        {
            if (!text.Contains("://", StringComparison.Ordinal))
            {
                return new KintoUri(new NpgsqlConnectionStringBuilder(text));
            }

            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme.Split('+')[0] is "postgresql" or "postgres")
            {
                return new KintoUri(Read(uri));
            }
        }
        catch (ArgumentException e)
        {
            throw new KintoException($"The database is none that can be read: {e.GetType().Name}.", e);
        }

        throw new KintoException("The database is none that can be read. Use postgresql://user:password@host:5432/name, as kinto.storage_url of the old settings has it.");
    }

    private static NpgsqlConnectionStringBuilder Read(Uri uri)
    {
        var user = uri.UserInfo.Split(':', 2);
        var query = uri.Query.TrimStart('?').Split('&').Select(static pair => pair.Split('=', 2)).Where(static pair => pair.Length == 2)
            .ToDictionary(static pair => pair[0], static pair => Uri.UnescapeDataString(pair[1]), StringComparer.Ordinal);
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = query.GetValueOrDefault("host", uri.Host.Length > 0 ? uri.Host.Trim('[', ']') : "localhost"),
            Database = Uri.UnescapeDataString(uri.AbsolutePath.Trim('/')),
        };
        if (uri.Port > 0)
        {
            connection.Port = uri.Port;
        }

        if (user[0].Length > 0)
        {
            connection.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length > 1)
        {
            connection.Password = Uri.UnescapeDataString(user[1]);
        }

        if (query.TryGetValue("sslmode", out var mode) && Enum.TryParse<SslMode>(mode.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var ssl))
        {
            connection.SslMode = ssl;
        }

        return connection;
    }
}

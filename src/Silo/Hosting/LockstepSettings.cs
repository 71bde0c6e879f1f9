using System.Net;
using System.Text;
using Lockstep.Silo.Cluster;
using Lockstep.Storage.PostgreSql;

namespace Lockstep.Silo.Hosting;

/// <summary>Reads and checks the settings.</summary>
internal static class LockstepSettings
{
    // Each costs every server connections, and something each second.
    private const int MaxShards = 63;
    private const int MinSecretLength = 32;

    // Of Linux, without the zero at the end.
    private const int MaxSocketPathBytes = 107;
    private const string UnixPrefix = "http://unix:";

    /// <param name="configuration">File, environment and command line.</param>
    /// <exception cref="SettingsException">A setting is unknown or has a value that cannot be.</exception>
    public static LockstepOptions Read(IConfiguration configuration)
    {
        // The binder would repeat the value, and there may be a password in it.
        if (configuration[$"{SettingNames.Section}:Postgres:Shards"] is { Length: > 0 })
        {
            throw new SettingsException("Postgres:Shards has a value of its own. Name each further database by its number: Postgres:Shards:1, Postgres:Shards:2.");
        }

        LockstepOptions options;
        try
        {
            options = configuration.GetSection(SettingNames.Section).Get<LockstepOptions>(binder => binder.ErrorOnUnknownConfiguration = true) ?? new();
        }
        catch (InvalidOperationException e)
        {
            // What is wrong in a numbered group is inside: outside, the binder says no more than that something is.
            while (e.InnerException is InvalidOperationException inner)
            {
                e = inner;
            }

            // The binder names its own option first; what a person wants to know is behind the last colon.
            var unknown = e.Message.Contains("ErrorOnUnknownConfiguration", StringComparison.Ordinal);
            throw new SettingsException(
                $"{(unknown ? $"Unknown setting:{e.Message[(e.Message.LastIndexOf(':') + 1)..]}." : $"{e.Message} {e.InnerException?.Message}")} See docs/operations/configuration.md for the settings.");
        }

        options = MemoryBudget.Share(
            options, name => configuration[$"{SettingNames.Section}:{name}"] is not null, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        var problems = Setting.Of(options).Select(static setting => setting.Problem(setting.Value)).OfType<string>()
            .Concat(Problems(options)).Concat(options.Telemetry.Problems()).Concat(options.Kinto.Problems()).Concat(ClusterProblems.Of(options)).Concat(options.OpenId.Problems()).Concat(options.Buckets.Quotas.Problems()).Concat(options.Sync15.Problems())
            .Concat(options.Sync11.Problems()).Concat(options.Audit.Problems()).Concat(options.Syncto.Problems(options.Sync15.GivesTokens || options.ServesAccounts))
            .Concat(options.FirefoxAccounts.Problems(options.ServesAccounts, options.Http.PublicUrl, options.Http.PathBase, options.Postgres.Connection is { Length: > 0 }, options.Urls)).ToList();
        return problems.Count == 0 ? options : throw new SettingsException(string.Join(Environment.NewLine, problems));
    }

    /// <summary>What no declaration says: values that are more than a number, and those that others bound.</summary>
    private static IEnumerable<string> Problems(LockstepOptions options)
    {
        if (options.DataDirectory.Length == 0)
        {
            yield return "DataDirectory is empty. Name the directory for the database.";
        }

        if (options.Urls.Trim(' ', ';').Length == 0)
        {
            yield return "Urls is empty. Use http://127.0.0.1:8888.";
        }

        if (options.Kinto.CorsOrigin.Any(c => c is < ' ' or > '~'))
        {
            yield return "Kinto:CorsOrigin is no origin. Use * or something like https://app.example.org.";
        }

        foreach (var url in options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!IsAddress(url))
            {
                yield return $"Urls has '{url}', which is no http address of this machine. Use http://127.0.0.1:8888 or http://unix:/run/lockstep.sock; TLS is for a proxy in front.";
            }
            else if (url.TrimEnd('/').Equals("http://localhost:0", StringComparison.OrdinalIgnoreCase))
            {
                yield return $"Urls has '{url}'. A free port is chosen for an address, not for a name with two of them: use http://127.0.0.1:0.";
            }
            else if (Encoding.UTF8.GetByteCount(url) - UnixPrefix.Length > MaxSocketPathBytes && url.StartsWith(UnixPrefix, StringComparison.OrdinalIgnoreCase))
            {
                yield return $"Urls has '{url}'. The path of a socket has at most {MaxSocketPathBytes} bytes.";
            }
        }

        if (options.Http.PublicUrl is { } publicUrl && !(Uri.TryCreate(publicUrl, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && publicUrl.All(c => c is > ' ' and <= '~')))
        {
            yield return $"Http:PublicUrl is '{publicUrl}', which is no URL. Use something like https://sync.example.org.";
        }

        if (options.Http.PublicUrl?.TrimEnd('/').EndsWith("/v1", StringComparison.Ordinal) == true)
        {
            yield return $"Http:PublicUrl is '{options.Http.PublicUrl}'. Leave out /v1: the server adds it.";
        }

        // Not repeated: they are secrets.
        if (options.Sync15.Secrets().Any(static secret => secret.Length < MinSecretLength) || (options.Sync15.IsOn && options.Sync15.Secrets().Count == 0))
        {
            yield return $"Sync15:TokenSecrets has a secret of less than {MinSecretLength} characters. Make one with: openssl rand -hex 32";
        }

        if (options.Sync15.MaxTotalBytes > options.Buckets.MaxTurnBytes * 16)
        {
            yield return "Sync15:MaxTotalBytes is more than 16 times Buckets:MaxTurnBytes, which a batch takes in memory when it is committed. Lower it, or raise that.";
        }

        foreach (var pathBase in options.Http.PathBases().Where(static prefix => !prefix.StartsWith('/')))
        {
            yield return $"Http:PathBase has '{pathBase}'. A prefix begins with a slash: /sync.";
        }

        foreach (var (name, header) in new[] { ("ForwardedForHeader", options.Http.ForwardedForHeader), ("ForwardedProtoHeader", options.Http.ForwardedProtoHeader) })
        {
            if (header.Length == 0 || !header.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            {
                yield return $"Http:{name} is '{header}', which is no name of a header. Use something like X-Real-IP.";
            }
        }

        foreach (var proxy in Networks(options.Http.TrustedProxies).Where(text => !IPNetwork.TryParse(text, out _)))
        {
            yield return $"Http:TrustedProxies has '{proxy}', which is no address or network. Use 10.0.0.7 or 10.0.0.0/8.";
        }

        if (options.Postgres.Shards.Count > 0 && options.Postgres.Connection is not { Length: > 0 })
        {
            yield return "Postgres:Shards is set and Postgres:Connection is not. The latter names the home database, which has the accounts.";
        }

        if (options.Postgres.Shards.Count > MaxShards)
        {
            yield return $"Postgres:Shards names {options.Postgres.Shards.Count} databases. At most {MaxShards} can be had besides Postgres:Connection.";
        }

        if (options.Http.MaxBufferedBytes / 4 < options.Http.MaxRequestBytes)
        {
            yield return "Http:MaxBufferedBytes is smaller than four times Http:MaxRequestBytes, so that one user's largest requests would shut out the others. Raise it.";
        }
    }

    /// <summary>Addresses and networks; a bare address is a network of one.</summary>
    public static IEnumerable<string> Networks(string list) =>
        list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(text => text.Contains('/', StringComparison.Ordinal) ? text : text.Contains(':', StringComparison.Ordinal) ? text + "/128" : text + "/32");

    /// <summary>A host that is no address would make Kestrel listen everywhere; a typing error must not do that.</summary>
    private static bool IsAddress(string url)
    {
        const string http = "http://";
        if (!url.StartsWith(http, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var authority = url[http.Length..].TrimEnd('/');
        if (authority.StartsWith("unix:/", StringComparison.Ordinal))
        {
            return true;
        }

        var colon = authority.LastIndexOf(':');
        var host = colon > authority.LastIndexOf(']') ? authority[..colon] : authority;
        return (host is "localhost" or "*" or "+" || IPAddress.TryParse(host.Trim('[', ']'), out _))
            && (host.Length == authority.Length || ushort.TryParse(authority[(colon + 1)..], out _));
    }
}

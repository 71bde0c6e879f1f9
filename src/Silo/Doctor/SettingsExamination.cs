using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.Kinto;
using Lockstep.Silo.Hosting;

namespace Lockstep.Silo.Doctor;

/// <summary>Settings that a server starts with, and that are unsafe or without effect.</summary>
internal static class SettingsExamination
{
    private const string Subject = "settings";

    /// <param name="options">Checked settings.</param>
    /// <param name="isSet">Whether somebody has set the setting of that name.</param>
    public static IEnumerable<Diagnosis> Examine(LockstepOptions options, Func<string, bool> isSet)
    {
        var found = Warnings(options, isSet).Select(static text => Diagnosis.Warning(Subject, text)).ToList();
        return found.Count > 0 ? found : [Diagnosis.Ok(Subject, "known, and fit together")];
    }

    private static IEnumerable<string> Warnings(LockstepOptions options, Func<string, bool> isSet)
    {
        var (http, onPostgres) = (options.Http, options.Postgres.Connection is { Length: > 0 });
        var isReachable = !FirefoxAccountOptions.IsLoopback(options.Urls) || http.PublicUrl is not null || http.TrustedProxies.Length > 0;
        if (isReachable && options.Accounts.Registration == Registration.Open)
        {
            yield return "everybody who reaches the server may make an account. If that is not meant, set Accounts:Registration to Closed.";
        }

        if (options.Urls.Contains("unix:", StringComparison.Ordinal) && http.PublicUrl is null)
        {
            yield return "a socket is for a proxy, and Http:PublicUrl is not set. Set it to the URL that clients use.";
        }

        foreach (var url in options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(url => http.PublicUrl ?? url).Distinct(StringComparer.Ordinal).Where(url => StartupReport.IsInTheClear(url, http)))
        {
            yield return $"passwords go to {url} without encryption. Put a proxy with TLS in front, and set Http:PublicUrl to the https URL that clients use.";
        }

        if (http is { PublicUrl: not null, TrustedProxies.Length: 0 })
        {
            yield return "Http:PublicUrl is set and Http:TrustedProxies is not: if a proxy is in front, all clients are one address, and wrong passwords of one lock out all. Set it to the proxy's address.";
        }

        if (http.TrustedProxies.Length > 0 && LockstepSettings.Networks(http.TrustedProxies).Any(static network => network.EndsWith("/0", StringComparison.Ordinal)))
        {
            yield return "Http:TrustedProxies trusts everybody: any client can say that it is another one. Name the proxy.";
        }

        if (isReachable && options.Kinto.Flush)
        {
            yield return "Kinto:Flush is on: whoever reaches the server can delete all of Kinto's buckets. Set it to false.";
        }

        if (isReachable && options.Kinto.Metrics == MetricsAccess.Everyone)
        {
            yield return "Kinto:Metrics shows measurements to everybody who reaches the server. Set it to Administrators, or see that the proxy keeps /v1/__metrics__ to itself.";
        }

        if (options is { IsAlone: false, HasSilo: true } && !options.Cluster.Tls.IsOn && options.Cluster.TrustNetwork)
        {
            yield return "members of the cluster talk without encryption, and trust whoever reaches their ports. Set Cluster:Tls, unless the network is their own.";
        }

        if (onPostgres && isSet("DataDirectory"))
        {
            yield return "DataDirectory has no effect with Postgres:Connection. Leave out the one that is not meant.";
        }

        if (onPostgres && isSet("MaxDatabaseBytes"))
        {
            yield return "MaxDatabaseBytes has no effect with Postgres:Connection. Leave it out, and watch the disk of the database.";
        }
    }
}

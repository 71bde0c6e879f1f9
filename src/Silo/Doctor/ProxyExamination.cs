using System.Net;
using Lockstep.Gateway.Http;
using Lockstep.Silo.Hosting;

namespace Lockstep.Silo.Doctor;

/// <summary>What a proxy makes of a request, and whether the settings fit it.</summary>
internal static class ProxyExamination
{
    private const string Subject = "proxy";

    /// <param name="http">Settings.</param>
    /// <param name="seen">A request to <see cref="HttpOptions.PublicUrl"/>, as it arrived.</param>
    /// <param name="sentPath">Its path as it was sent.</param>
    public static IEnumerable<Diagnosis> Examine(HttpOptions http, SeenRequest seen, string sentPath)
    {
        var found = Problems(http, seen, sentPath).ToList();
        return found.Count > 0 ? found : [Diagnosis.Ok(Subject, seen.Header(http.ForwardedForHeader) is null ? "requests to the public URL come directly" : "requests to the public URL come through, with the client's address, from a proxy that is trusted")];
    }

    private static IEnumerable<Diagnosis> Problems(HttpOptions http, SeenRequest seen, string sentPath)
    {
        var publicUrl = new Uri(http.PublicUrl!);
        var isForwarded = seen.Header(http.ForwardedForHeader) is not null;
        var networks = LockstepSettings.Networks(http.TrustedProxies).Select(IPNetwork.Parse).ToList();
        var from = seen.From?.IsIPv4MappedToIPv6 == true ? seen.From.MapToIPv4() : seen.From;
        if (isForwarded && networks.Count == 0)
        {
            yield return Diagnosis.Warning(Subject, $"a proxy sends {http.ForwardedForHeader}, and it does not count: all clients are one address. Set Http:TrustedProxies to {from?.ToString() ?? "127.0.0.1"}.");
        }
        else if (isForwarded && from is not null && !networks.Exists(network => network.Contains(from)))
        {
            yield return Diagnosis.Error(Subject, $"requests come from {from}, which is not in Http:TrustedProxies ({http.TrustedProxies}), so that all clients are one address. Add it.");
        }
        else if (!isForwarded && networks.Count > 0)
        {
            yield return Diagnosis.Error(Subject, $"the proxy sends no {http.ForwardedForHeader}, so that all clients are one address. In nginx: proxy_set_header {http.ForwardedForHeader} $remote_addr; or set Http:ForwardedForHeader to the header that it sends.");
        }

        if (publicUrl.Scheme == Uri.UriSchemeHttps && isForwarded && seen.Header(http.ForwardedProtoHeader) is not "https")
        {
            yield return Diagnosis.Warning(Subject, $"the proxy sends {http.ForwardedProtoHeader} '{seen.Header(http.ForwardedProtoHeader)}' for a request by https. In nginx: proxy_set_header {http.ForwardedProtoHeader} $scheme;");
        }

        if (!string.Equals(seen.Header("Host"), publicUrl.Authority, StringComparison.OrdinalIgnoreCase) && !string.Equals(seen.Header("X-Forwarded-Host"), publicUrl.Authority, StringComparison.OrdinalIgnoreCase))
        {
            yield return Diagnosis.Warning(Subject, $"the server is told the host '{seen.Header("Host")}', and clients use '{publicUrl.Authority}': with Http:PublicUrl that works, but pass it on. In nginx: proxy_set_header Host $host;");
        }

        if (seen.Protocol == "HTTP/1.0")
        {
            yield return Diagnosis.Warning(Subject, "the proxy speaks HTTP/1.0, and makes a connection for each request. In nginx: proxy_http_version 1.1;");
        }

        if (seen.Path != sentPath && http.PathBases().Any())
        {
            yield return Diagnosis.Warning(Subject, $"the proxy makes '{seen.Path}' of '{sentPath}', and Http:PathBase is set. Let it pass the path on, or leave Http:PathBase out.");
        }
    }
}

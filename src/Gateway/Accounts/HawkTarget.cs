using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>The address of a request as a client signs it, which is the address as the client sees it.</summary>
/// <param name="Host">In lower case.</param>
/// <param name="Port">The default port of the scheme where none is named.</param>
/// <param name="Target">Path and query.</param>
public sealed record HawkTarget(string Host, int Port, string Target)
{
    public string Path => Target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var question ? Target[..question] : Target;

    /// <summary>Takes host and port of the public URL where one is set.</summary>
    public static HawkTarget Of(SignInRequest request, HttpOptions http)
    {
        if (http.PublicUrl is { } url && Uri.TryCreate(url, UriKind.Absolute, out var own))
        {
            var prefix = own.AbsolutePath.TrimEnd('/');
            var isWhole = prefix.Length == 0 || request.Target.StartsWith(prefix + "/", StringComparison.Ordinal);
            return new HawkTarget(own.Host.ToLowerInvariant(), own.Port, isWhole ? request.Target : prefix + request.Target);
        }

        var host = new HostString(request.Host);
        return new HawkTarget(host.Host.ToLowerInvariant(), host.Port ?? (request.IsHttps ? 443 : 80), request.Target);
    }
}

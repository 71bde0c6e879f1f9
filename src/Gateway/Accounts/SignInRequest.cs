using System.Net;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>What an authentication scheme looks at.</summary>
/// <param name="Authorization">The header; null when there is none.</param>
/// <param name="Address">Where the request comes from, for counting failures; null for a socket of this machine.</param>
public sealed record SignInRequest(string? Authorization, IPAddress? Address)
{
    public string Method { get; init; } = "";

    /// <summary>Path and query as the client has sent them, for schemes that sign them.</summary>
    public string Target { get; init; } = "";

    /// <summary>Host and port that clients see.</summary>
    public string Host { get; init; } = "";

    public bool IsHttps { get; init; }

    /// <summary>How clients see this server, without a slash at the end: what a token can be for.</summary>
    public string ServerUrl(HttpOptions options) => options.PublicUrl?.TrimEnd('/') ?? $"{(IsHttps ? "https" : "http")}://{Host}";
}

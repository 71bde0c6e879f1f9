using System.Net;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>The parts of a request that authentication schemes look at.</summary>
/// <param name="Authorization">The header; null when there is none.</param>
/// <param name="Address">The address that the request comes from, for counting failures; null for a socket of this machine.</param>
public sealed record SignInRequest(string? Authorization, IPAddress? Address)
{
    public string Method { get; init; } = "";

    /// <summary>Path and query as the client sent them, for schemes that sign them.</summary>
    public string Target { get; init; } = "";

    /// <summary>Host and port that clients see.</summary>
    public string Host { get; init; } = "";

    public bool IsHttps { get; init; }

    /// <summary>What is known of the header from earlier requests over the same connection; null for nothing.</summary>
    public HeaderMemory? Memory { get; init; }

    /// <summary>The URL of this server as clients see it, without a slash at the end: the audience of tokens.</summary>
    public string ServerUrl(HttpOptions options) => options.PublicUrl?.TrimEnd('/') ?? $"{(IsHttps ? "https" : "http")}://{Host}";
}

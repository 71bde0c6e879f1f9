using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>The token of a request's <c>Authorization</c> header.</summary>
internal static class BearerToken
{
    /// <returns>Either a token or an error. The token may contain spaces.</returns>
    public static (string? Token, TokenError? Error) Of(ProtocolRequest request)
    {
        var header = request.Http.Request.Headers.Authorization.ToString();
        var space = header.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? (null, TokenError.NoCredentials)
            : !header.AsSpan(0, space).Equals("Bearer", StringComparison.OrdinalIgnoreCase) ? (null, TokenError.OtherScheme)
            : (header[(space + 1)..], null);
    }
}

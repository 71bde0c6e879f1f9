using System.Globalization;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>
/// TokenServer 1.0: its paths, and the form of the pipeline's refusals. Its handlers verify tokens themselves, since an answer says
/// which of several faults a token has. Room is counted by address.
/// </summary>
internal sealed class TokenProtocol(TokenHandlers handlers, TimeProvider time) : IProtocol<TokenHandler>
{
    private const string MaxAge = "1728000";

    public string Name => "TokenServer";

    public IReadOnlyList<string> Prefixes => [TokenResources.Prefix, TokenResources.OldPrefix, TokenResources.InvitationPrefix];

    public ResourceTable<TokenHandler> Resources => TokenResources.Table;

    public IReadOnlyList<IAuthenticationScheme> Schemes => [];

    public ValueTask<Answer> ExecuteAsync(ResourceMethod<TokenHandler> method, ProtocolRequest request, CancellationToken cancellationToken) =>
        method.Handler(handlers, request, cancellationToken);

    public Answer Refuse(Refusal refusal) => TokenAnswers.Of(refusal);

    public Answer? Intercept(HttpRequest request, RequestPath path, ResourceMatch<TokenHandler>? match) =>
        match is null || Array.Exists([.. Prefixes], prefix => request.Path.StartsWithSegments(prefix, StringComparison.Ordinal) && TokenResources.IsServed(prefix, match.Resource))
            ? null
            : Refuse(new Refusal.NoResource());

    public Answer Preflight(HttpRequest request, string? methods)
    {
        var asked = request.Headers.AccessControlRequestHeaders.ToString();
        return new Answer(200)
        {
            Headers =
            [
                KeyValuePair.Create(HeaderNames.AccessControlAllowMethods, methods ?? "GET"),
                KeyValuePair.Create(HeaderNames.AccessControlMaxAge, MaxAge),
                .. asked.Length > 0 && asked.All(static c => c is >= ' ' and <= '~')
                    ? [KeyValuePair.Create(HeaderNames.AccessControlAllowHeaders, asked)]
                    : Array.Empty<KeyValuePair<string, string>>(),
            ],
        };
    }

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers)
    {
        headers["X-Timestamp"] = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        DataHeaders.Add(headers);
        if (request?.Headers.Origin.ToString() is { Length: > 0 } origin && origin.All(static c => c is >= ' ' and <= '~'))
        {
            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlExposeHeaders = "X-Timestamp, Retry-After, Allow, WWW-Authenticate";
            headers.Vary = HeaderNames.Origin;
        }
    }
}

using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts.OAuth;
using Lockstep.Gateway.FirefoxAccounts.Sessions;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>
/// The account server of Firefox: its prefixes, and its form of the pipeline's refusals. Credentials are checked here and not by a scheme, since endpoints
/// accept different kinds of tokens, and a signature may cover the body.
/// </summary>
internal sealed class AccountProtocol(AccountServices services, Credentials credentials, OAuthClients clients, HttpOptions http) : IProtocol<AccountEndpoint>
{
    private const string Form = "application/x-www-form-urlencoded";
    private const string MaxAge = "86400";

    public string Name => "FirefoxAccounts";

    public IReadOnlyList<string> Prefixes => [AccountResources.WellKnown, AccountResources.Auth, AccountResources.Profile];

    public ResourceTable<AccountEndpoint> Resources => AccountResources.Table;

    public IReadOnlyList<IAuthenticationScheme> Schemes => [];

    public async ValueTask<Answer> ExecuteAsync(ResourceMethod<AccountEndpoint> method, ProtocolRequest request, CancellationToken cancellationToken)
    {
        var (found, error) = await credentials.FindAsync(request, method.Handler.Access, cancellationToken);
        if (error is not null)
        {
            return AccountAnswers.Of(error);
        }

        ParsedJson? document = null;
        try
        {
            AccountFields fields;
            if (method.Body is BodyKind.Nothing)
            {
                fields = new AccountFields(new Dictionary<string, string>(StringComparer.Ordinal));
            }
            else if (IsForm(request))
            {
                if (!QueryParameters.TryParse(System.Text.Encoding.UTF8.GetString(request.Body.Span), out var form))
                {
                    return AccountAnswers.Of(AccountError.NoJson);
                }

                fields = new AccountFields(form.Pairs.GroupBy(static pair => pair.Key, StringComparer.Ordinal).ToDictionary(static group => group.Key, static group => group.Last().Value, StringComparer.Ordinal));
            }
            else
            {
                document = Parse(request.Body);
                if (document is null)
                {
                    return AccountAnswers.Of(AccountError.NoJson);
                }

                fields = new AccountFields(document.RootElement);
            }

            return await method.Handler.Handler(services, new AccountRequest(request, fields, found, PublicUrls.Base(request.Http.Request, http)), cancellationToken);
        }
        finally
        {
            document?.Dispose();
        }
    }

    public Answer Refuse(Refusal refusal) => AccountAnswers.Of(refusal);

    public Answer? Intercept(HttpRequest request, RequestPath path, ResourceMatch<AccountEndpoint>? match) =>
        match is not null && !Prefixes.Any(prefix => request.Path.StartsWithSegments(prefix, StringComparison.Ordinal) && AccountResources.IsServed(prefix, match.Resource))
            ? Refuse(new Refusal.NoResource())
            : null;

    public Answer Preflight(HttpRequest request, string? methods) => new(200)
    {
        Headers = IsOfClient(request)
            ?
            [
                KeyValuePair.Create(HeaderNames.AccessControlAllowMethods, methods ?? "GET"),
                KeyValuePair.Create(HeaderNames.AccessControlAllowHeaders, "Authorization, Content-Type"),
                KeyValuePair.Create(HeaderNames.AccessControlMaxAge, MaxAge),
            ]
            : [],
    };

    public void AddHeaders(HttpRequest? request, IHeaderDictionary headers)
    {
        headers.CacheControl = "no-store";
        DataHeaders.Add(headers);
        headers["Referrer-Policy"] = "no-referrer";
        if (request is not null && IsOfClient(request))
        {
            headers.AccessControlAllowOrigin = request.Headers.Origin.ToString();
            headers.AccessControlExposeHeaders = "Retry-After, ETag";
            headers.Vary = HeaderNames.Origin;
        }
    }

    private bool IsOfClient(HttpRequest request)
    {
        if (request.Headers.Origin.ToString() is not { Length: > 0 } origin || !clients.HasOrigin(origin))
        {
            return false;
        }

        var path = RequestPath.OfDecoded(request.Path.Value ?? "");
        return Prefixes.Any(prefix => path.Below(RequestPath.OfDecoded(prefix)) is { } below && Resources.Match(below) is { } match
            && AccountResources.IsServed(prefix, match.Resource) && AccountResources.IsOfClients(match.Resource));
    }

    private static bool IsForm(ProtocolRequest request) =>
        (request.Http.Request.ContentType ?? "").StartsWith(Form, StringComparison.OrdinalIgnoreCase);

    /// <returns>Null if it is not an object. An empty body counts as an empty object.</returns>
    private static ParsedJson? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            var document = JsonText.Parse(body.IsEmpty ? "{}"u8.ToArray() : body);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

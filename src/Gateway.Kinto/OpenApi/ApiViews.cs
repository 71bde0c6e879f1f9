using System.Text.Json.Nodes;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.OpenId;

namespace Lockstep.Gateway.Kinto.OpenApi;

/// <summary><c>/__api__</c>: the description of the API. Kinto has Swagger 2.0 there.</summary>
internal sealed class ApiViews(KintoOptions options, OpenIdProviders openId, IEnumerable<IAccessTokens> tokens)
{
    private const string Bearer = "Bearer";

    private ApiDocument? document;

    public KintoPlan Document(KintoHandlers kinto, KintoRequest request)
    {
        // Two first requests at once make it twice, with the same result.
        document ??= new ApiDocument(kinto.Resources, options, [.. Schemes()]);
        return document.Answer(request.BaseUrl);
    }

    private IEnumerable<ApiScheme> Schemes()
    {
        yield return new("account", Http("basic", "Name and password of an account, or the password of an application."));
        if (tokens.Any())
        {
            yield return new("token", Http("bearer", "An access token of this server, with the scope `kinto`."));
        }

        foreach (var provider in openId.All.Select(static provider => provider.Options))
        {
            yield return new($"openid-{provider.Name}", provider.HeaderType.Equals(Bearer, StringComparison.OrdinalIgnoreCase)
                ? new JsonObject { ["type"] = "openIdConnect", ["openIdConnectUrl"] = $"{provider.Issuer.TrimEnd('/')}/.well-known/openid-configuration" }
                : new JsonObject { ["type"] = "apiKey", ["in"] = "header", ["name"] = "Authorization", ["description"] = $"`{provider.HeaderType}`, a blank, and an access token of the provider." });
        }

        if (options.Live.Enabled)
        {
            yield return new("ticket", new JsonObject { ["type"] = "apiKey", ["in"] = "query", ["name"] = Live.LivePlans.Ticket, ["description"] = "From `POST /__ticket__`, good for one stream, or one WebSocket." }, IsOfStreams: true);
        }
    }

    private static JsonObject Http(string scheme, string description) => new() { ["type"] = "http", ["scheme"] = scheme, ["description"] = description };
}

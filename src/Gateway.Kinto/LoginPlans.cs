using Lockstep.Gateway.OpenId;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// <c>/openid/{provider}/login</c> and <c>/openid/{provider}/token</c>, as in Kinto's plug-in. A browser is redirected to a provider, back here, and to
/// the application, which reads the tokens from the fragment of its own URL.
/// </summary>
/// <remarks>Kinto: docs/api/1.x/openid.rst. kinto-admin: src/components/homepage/AuthForm.tsx and AuthCallback.tsx.</remarks>
internal sealed class LoginPlans(KintoOptions options, OpenIdOptions openId, OpenIdLogins logins)
{
    private const int MaxScopeLength = 512;
    private const int MaxStateLength = 128;
    private const int MaxCodeLength = 4096;

    // Each adds up to four kilobytes to every request of the browser to this path.
    private const int MaxCookies = 4;

    public KintoPlan Begin(KintoRequest request)
    {
        if (Refuse(request, out var provider) is { } refusal)
        {
            return refusal;
        }

        if (Only(request, "callback") is not { } callback || !OpenIdLogins.IsCallback(provider!, callback))
        {
            return Invalid("callback", "callback should be one of the URLs that this server leads back to, with a fragment behind it");
        }

        if (!LoginCallback.KeepsTokensHere(callback, request.BaseUrl))
        {
            return Invalid("callback", "callback has a fragment that names another server, or can");
        }

        if (Only(request, "scope") is not { Length: > 0 and <= MaxScopeLength } scope || scope.Any(static c => c is < ' ' or > '~' or '"' or '\\'))
        {
            return Invalid("scope", "scope should be scopes separated by blanks");
        }

        if (provider!.Options.UserIdField is "email" && !scope.Split(' ').Contains("email", StringComparer.Ordinal))
        {
            return Invalid("scope", $"Provider {provider.Options.Name} requires 'email' scope");
        }

        var isAsked = request.Query.TryGetOnly("prompt", out var prompt);
        return !isAsked || prompt is not (null or "none")
            ? Invalid("prompt", "prompt should be none")
            : new KintoPlan.Task(cancellationToken => BeginAsync(request, provider, callback, scope, prompt, cancellationToken));
    }

    public KintoPlan End(KintoRequest request)
    {
        if (Refuse(request, out var provider) is { } refusal)
        {
            return refusal;
        }

        if (Only(request, "state") is not { Length: > 0 and <= MaxStateLength } state)
        {
            return Invalid("state", "state is missing");
        }

        var (code, error) = (Only(request, "code"), Only(request, "error"));
        if (code is not { Length: > 0 and <= MaxCodeLength } && error is null)
        {
            return Invalid("code", "code is missing");
        }

        var returned = new LoginReturn(error is null ? code : null, Only(request, "iss"), error, Only(request, "error_description"));
        return request.Cookies!.TryGetValue(CookieOf(request, provider!).NameOf(state), out var kept) && kept.Length > 0
            ? new KintoPlan.Task(cancellationToken => EndAsync(request, provider!, state, kept, returned, cancellationToken))
            : KintoErrors.BadState;
    }

    /// <summary>Logins are for browsers, which keep cookies, and for providers that support them.</summary>
    private KintoResponse? Refuse(KintoRequest request, out OpenIdProvider? provider)
    {
        var name = request.Values["provider"];
        provider = logins.Find(name);
        return provider is null ? KintoErrors.Invalid("path", "provider", "Unknown provider")
            : request.Cookies is null ? KintoErrors.NotFound
            : null;
    }

    private async ValueTask<KintoResponse> BeginAsync(
        KintoRequest request, OpenIdProvider provider, string callback, string scope, string? prompt, CancellationToken cancellationToken)
    {
        var redirectUri = $"{request.BaseUrl}/openid/{provider.Options.Name}/token";
        if (await logins.BeginAsync(provider, callback, scope, prompt, redirectUri, cancellationToken) is not var (location, state, kept))
        {
            return KintoErrors.Unavailable(options.RetryAfter, "The provider cannot be reached.");
        }

        // Unfinished logins of a browser that starts one after the other are not kept for ever.
        var cookie = CookieOf(request, provider);
        var response = Redirect(location).With("Set-Cookie", cookie.Set(cookie.NameOf(state), kept, openId.LoginTime));
        var others = request.Cookies!.Keys.Where(cookie.IsOne).ToList();
        return others.Count < MaxCookies ? response : others.Aggregate(response, (all, name) => all.With("Set-Cookie", cookie.Clear(name)));
    }

    private async ValueTask<KintoResponse> EndAsync(
        KintoRequest request, OpenIdProvider provider, string state, string kept, LoginReturn returned, CancellationToken cancellationToken)
    {
        var outcome = await logins.EndAsync(provider, state, kept, returned, request.Who, cancellationToken);
        if (outcome is LoginOutcome.Busy)
        {
            // The browser keeps the login: it can be completed by loading the page again.
            return KintoErrors.Unavailable(options.RetryAfter, "Too many sign in at the provider at the moment. Load the page again.");
        }

        var response = outcome switch
        {
            // Spelled as in Kinto; a slash is escaped too, since applications take the fragment for a path.
            LoginOutcome.Ended ended => Redirect(ended.Callback + Uri.EscapeDataString(Convert.ToBase64String(ended.Told))).With("Referrer-Policy", "no-referrer"),
            LoginOutcome.Unavailable => KintoErrors.Unavailable(options.RetryAfter, "The provider did not answer. Begin anew."),
            _ => KintoErrors.BadState,
        };
        var cookie = CookieOf(request, provider);
        return response.With("Set-Cookie", cookie.Clear(cookie.NameOf(state)));
    }

    private static string? Only(KintoRequest request, string name) => request.Query.TryGetOnly(name, out var value) ? value : null;

    private static KintoResponse Invalid(string name, string description) => KintoErrors.Invalid("querystring", name, description);

    private static KintoResponse Redirect(string location) => new KintoResponse(StatusCodes.Status307TemporaryRedirect).With("Location", location);

    private static LoginCookie CookieOf(KintoRequest request, OpenIdProvider provider) => new(request.BaseUrl, provider.Options.Name);
}

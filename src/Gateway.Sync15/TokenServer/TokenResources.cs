using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>All that TokenServer serves, in one list.</summary>
internal static class TokenResources
{
    public const string Prefix = "/1.0";

    /// <summary>Where older servers had it, and clients look for it still.</summary>
    public const string OldPrefix = "/token";

    /// <summary>With an invitation's code behind it.</summary>
    public const string InvitationPrefix = "/i";

    /// <summary>Prefix and template. What is served below one prefix is not below the others.</summary>
    private static readonly (string Prefix, string Template)[] Paths =
    [
        (Prefix, "/{app}/{version}"),
        (OldPrefix, "/1.0/{app}/{version}"),
        (InvitationPrefix, "/{code}/1.0/{app}/{version}"),
        (OldPrefix, "/i/{code}/1.0/{app}/{version}"),
        (Prefix, "/webhooks/fxa/events"),
        (OldPrefix, "/1.0/webhooks/fxa/events"),
    ];

    public static ResourceTable<TokenHandler> Table { get; } = new(Paths.Select(static path => new Resource<TokenHandler>(path.Template, Method(path.Template))));

    /// <param name="prefix">The one that the request came under.</param>
    /// <param name="resource">What it names below that.</param>
    public static bool IsServed(string prefix, Resource<TokenHandler> resource) => Paths.Contains((prefix, resource.Template.Text));

    private static ResourceMethod<TokenHandler> Method(string template) => template switch
    {
        _ when template.EndsWith("/events", StringComparison.Ordinal) =>
            new("POST", Access.Anonymous, BodyKind.None, static (handlers, request, cancellationToken) => handlers.Events.PostAsync(request, cancellationToken)),
        _ when template.Contains("{code}", StringComparison.Ordinal) =>
            Get(static (handlers, request, cancellationToken) => handlers.Tokens.GetAsync(request, request.Values["code"], cancellationToken)),
        _ => Get(static (handlers, request, cancellationToken) => handlers.Tokens.GetAsync(request, invitation: null, cancellationToken)),
    };

    private static ResourceMethod<TokenHandler> Get(TokenHandler handler) => new("GET", Access.Anonymous, BodyKind.None, handler);
}

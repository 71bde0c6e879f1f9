using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>All resources of TokenServer, in one list.</summary>
internal static class TokenResources
{
    public const string Prefix = "/1.0";

    /// <summary>The path of older servers, which clients still try.</summary>
    public const string OldPrefix = "/token";

    /// <summary>Followed by the code of an invitation.</summary>
    public const string InvitationPrefix = "/i";

    /// <summary>Prefix and template. Each resource exists below one prefix only.</summary>
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

    /// <param name="prefix">The prefix of the request's path.</param>
    /// <param name="resource">The resource that the rest of the path names.</param>
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

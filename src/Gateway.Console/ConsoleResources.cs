using Lockstep.Gateway.Console.Administration;
using Lockstep.Gateway.Console.Sessions;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Console;

/// <summary>All resources of the console below <see cref="Prefix"/>. The pages are beside it: <see cref="Pages.ConsolePages"/>.</summary>
internal static class ConsoleResources
{
    public const string Prefix = "/admin/api";

    /// <summary>Bytes of a body. None has more than a few texts.</summary>
    private const int MaxBytes = 64 << 10;

    public static ResourceTable<ConsoleHandler> Table { get; } = new(
    [
        new("/session",
            Anybody("GET", static (_, request, _) => ValueTask.FromResult(SessionHandlers.Show(request))),
            Anybody("POST", static (handlers, request, cancellationToken) => handlers.Sessions.OpenAsync(request, cancellationToken)),
            Anybody("DELETE", static (handlers, request, cancellationToken) => handlers.Sessions.EndAsync(request, cancellationToken))),
        new("/first-administrator", Anybody("POST", static (handlers, request, cancellationToken) => handlers.First.MakeAsync(request, cancellationToken))),
        new("/invitation", Anybody("POST", static (handlers, request, cancellationToken) => handlers.Invited.MakeAsync(request, cancellationToken))),
        new("/usage", User("GET", static (handlers, request, cancellationToken) => handlers.Usage.ShowAsync(request, cancellationToken))),
        new("/buckets", User("GET", static (handlers, request, cancellationToken) => handlers.Buckets.ListAsync(request, cancellationToken))),
        new("/buckets/{bucket}",
            User("GET", static (handlers, request, cancellationToken) => handlers.Buckets.ShowAsync(request, cancellationToken)),
            User("DELETE", static (handlers, request, cancellationToken) => handlers.Buckets.DeleteAsync(request, cancellationToken))),
        new("/buckets/{bucket}/collections/{collection}",
            User("GET", static (handlers, request, cancellationToken) => handlers.Records.ListAsync(request, cancellationToken)),
            User("DELETE", static (handlers, request, cancellationToken) => handlers.Records.DeleteCollectionAsync(request, cancellationToken))),
        new("/buckets/{bucket}/collections/{collection}/records/{record}",
            User("GET", static (handlers, request, cancellationToken) => handlers.Records.ShowAsync(request, cancellationToken)),
            User("DELETE", static (handlers, request, cancellationToken) => handlers.Records.DeleteAsync(request, cancellationToken))),
        new("/export", User("GET", static (handlers, request, _) => ValueTask.FromResult(handlers.Exports.Download(request)))),
        new("/account/password", User("POST", static (handlers, request, cancellationToken) => handlers.Account.ChangePasswordAsync(request, cancellationToken))),
        new("/account/deletion", User("POST", static (handlers, request, cancellationToken) => handlers.Account.DeleteAsync(request, cancellationToken))),
        .. AdministrationResources.Of(Administrator),
    ]);

    private static ResourceMethod<ConsoleHandler> Anybody(string method, ConsoleHandler handler) => new(method, Access.Anonymous, Body(method), handler);

    /// <summary>For users who have signed in.</summary>
    private static ResourceMethod<ConsoleHandler> User(string method, ConsoleHandler handler) => new(method, Access.SignedIn, Body(method), handler);

    /// <summary>For administrators alone.</summary>
    private static ResourceMethod<ConsoleHandler> Administrator(string method, ConsoleHandler handler) => User(method, (handlers, request, cancellationToken) =>
        request.IsAdministrator ? handler(handlers, request, cancellationToken) : ValueTask.FromResult(ConsoleAnswers.Of(ConsoleError.NotAdministrator)));

    private static BodyKind Body(string method) => method is "GET" ? BodyKind.None : new BodyKind.Buffered(MaxBytes);
}

using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync15;

/// <summary>All resources below <c>/1.5</c>, in one list.</summary>
internal static class SyncResources
{
    public static ResourceTable<SyncHandler> Table(Sync15Options options)
    {
        var body = new BodyKind.Buffered(options.MaxRequestBytes);
        return new ResourceTable<SyncHandler>(
        [
            new("/{uid}", Delete(static (sync, request, cancellationToken) => sync.Info.DeleteAllAsync(request, cancellationToken))),
            new("/{uid}/", Delete(static (sync, request, cancellationToken) => sync.Info.DeleteAllAsync(request, cancellationToken))),
            new("/{uid}/info/collections", Get(static (sync, request, cancellationToken) => sync.Info.CollectionsAsync(request, cancellationToken))),
            new("/{uid}/info/collection_counts", Get(static (sync, request, cancellationToken) => sync.Info.CountsAsync(request, cancellationToken))),
            new("/{uid}/info/collection_usage", Get(static (sync, request, cancellationToken) => sync.Info.UsageAsync(request, cancellationToken))),
            new("/{uid}/info/quota", Get(static (sync, request, cancellationToken) => sync.Info.QuotaAsync(request, cancellationToken))),
            new("/{uid}/info/configuration", Get(static (sync, request, _) => ValueTask.FromResult(sync.Info.Configuration(request)), Access.Anonymous)),
            new("/{uid}/storage", Delete(static (sync, request, cancellationToken) => sync.Info.DeleteAllAsync(request, cancellationToken))),
            new("/{uid}/storage/{collection}",
                Get(static (sync, request, cancellationToken) => sync.Collections.GetAsync(request, cancellationToken)),
                new("POST", Access.SignedIn, body, static (sync, request, cancellationToken) => sync.Collections.PostAsync(request, cancellationToken)),
                Delete(static (sync, request, cancellationToken) => sync.Collections.DeleteAsync(request, cancellationToken))),
            new("/{uid}/storage/{collection}/{record}",
                Get(static (sync, request, cancellationToken) => sync.Records.GetAsync(request, cancellationToken)),
                new("PUT", Access.SignedIn, body, static (sync, request, cancellationToken) => sync.Records.PutAsync(request, cancellationToken)),
                Delete(static (sync, request, cancellationToken) => sync.Records.DeleteAsync(request, cancellationToken))),
        ]);
    }

    private static ResourceMethod<SyncHandler> Get(SyncHandler handler, Access access = Access.SignedIn) => new("GET", access, BodyKind.None, handler);

    private static ResourceMethod<SyncHandler> Delete(SyncHandler handler) => new("DELETE", Access.SignedIn, BodyKind.None, handler);
}

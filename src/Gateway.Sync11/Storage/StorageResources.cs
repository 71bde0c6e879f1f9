using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>All resources of a user's storage, in one list. A trailing slash makes no difference.</summary>
internal static class StorageResources
{
    public static ResourceTable<StorageHandler> Table(Sync11Options options)
    {
        var body = new BodyKind.Buffered(options.MaxRequestBytes);
        StorageHandler post = static (storage, request, cancellationToken) => storage.Collections.PostAsync(request, cancellationToken);
        Resource<StorageHandler>[] resources =
        [
            new("/{username}/info/collections", Get(static (storage, request, cancellationToken) => storage.Info.CollectionsAsync(request, cancellationToken))),
            new("/{username}/info/collection_counts", Get(static (storage, request, cancellationToken) => storage.Info.CountsAsync(request, cancellationToken))),
            new("/{username}/info/collection_usage", Get(static (storage, request, cancellationToken) => storage.Info.UsageAsync(request, cancellationToken))),
            new("/{username}/info/quota", Get(static (storage, request, cancellationToken) => storage.Info.QuotaAsync(request, cancellationToken))),
            new("/{username}/storage", Delete(static (storage, request, cancellationToken) => storage.Info.DeleteAllAsync(request, cancellationToken))),
            new("/{username}/storage/{collection}",
                Get(static (storage, request, cancellationToken) => storage.Collections.GetAsync(request, cancellationToken)),
                new("POST", Access.SignedIn, body, post),
                new("PUT", Access.SignedIn, body, post),
                Delete(static (storage, request, cancellationToken) => storage.Collections.DeleteAsync(request, cancellationToken))),
            new("/{username}/storage/{collection}/{record}",
                Get(static (storage, request, cancellationToken) => storage.Records.GetAsync(request, cancellationToken)),
                new("PUT", Access.SignedIn, body, static (storage, request, cancellationToken) => storage.Records.PutAsync(request, cancellationToken)),
                Delete(static (storage, request, cancellationToken) => storage.Records.DeleteAsync(request, cancellationToken))),
        ];
        return new ResourceTable<StorageHandler>(resources.SelectMany(static resource => new[] { resource, new Resource<StorageHandler>(resource.Template.Text + "/", resource.Methods) }));
    }

    private static ResourceMethod<StorageHandler> Get(StorageHandler handler) => new("GET", Access.SignedIn, BodyKind.None, handler);

    private static ResourceMethod<StorageHandler> Delete(StorageHandler handler) => new("DELETE", Access.SignedIn, BodyKind.None, handler);
}

using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Syncto;

/// <summary>All resources below <c>/syncto</c>, in one list.</summary>
internal static class SynctoResources
{
    public static ResourceTable<SynctoHandler> Table { get; } = new(
    [
        new("/v1/", Read(static (syncto, request, _) => ValueTask.FromResult(syncto.Utilities.Root(request)))),
        new("/v1/__heartbeat__", Probe(static (syncto, _, cancellationToken) => syncto.Utilities.HeartbeatAsync(cancellationToken))),
        new("/v1/__lbheartbeat__", Probe(static (syncto, _, _) => ValueTask.FromResult(syncto.Utilities.LoadBalancerHeartbeat()))),
        new("/v1/batch", new ResourceMethod<SynctoHandler>(
            "POST", Access.Anonymous, BodyKind.Whole, static (syncto, request, cancellationToken) => syncto.Batch.PostAsync(syncto, request, cancellationToken))),
        new("/v0/fxa-oauth/params", Read(static (syncto, _, _) => ValueTask.FromResult(syncto.Utilities.OAuthParameters()))),
        new("/v1/fxa-oauth/params", Read(static (syncto, _, _) => ValueTask.FromResult(syncto.Utilities.OAuthParameters()))),
        new("/v1/buckets/{bucket}/collections", Read(static (syncto, request, cancellationToken) => syncto.Records.CollectionsAsync(request, cancellationToken))),
        new("/v1/buckets/{bucket}/collections/{collection}", Read(static (syncto, request, cancellationToken) => syncto.Records.CollectionAsync(request, cancellationToken))),
        List("/v1/buckets/{bucket}/collections/{collection}/records"),
        One("/v1/buckets/{bucket}/collections/{collection}/records/{record}"),
        .. SynctoPaths.Short.Select(static name => List("/v1/" + name)),
        .. SynctoPaths.Short.Select(static name => One($"/v1/{name}/{{record}}")),
    ]);

    private static Resource<SynctoHandler> List(string template) =>
        new(template, Read(static (syncto, request, cancellationToken) => syncto.Records.ListAsync(request, cancellationToken)));

    private static Resource<SynctoHandler> One(string template) => new(
        template,
        [
            .. Read(static (syncto, request, cancellationToken) => syncto.Records.GetAsync(request, cancellationToken)),
            Write("PUT"),
            Write("PATCH"),
            new("DELETE", Access.Anonymous, BodyKind.None, static (syncto, request, cancellationToken) => syncto.Records.DeleteAsync(request, cancellationToken)),
        ]);

    // Handlers check the credentials themselves, because an answer says which of several faults they have.
    private static ResourceMethod<SynctoHandler>[] Read(SynctoHandler handler) =>
        [new("GET", Access.Anonymous, BodyKind.None, handler), new("HEAD", Access.Anonymous, BodyKind.None, handler)];

    private static ResourceMethod<SynctoHandler>[] Probe(SynctoHandler handler) =>
        [new("GET", Access.Probe, BodyKind.None, handler), new("HEAD", Access.Probe, BodyKind.None, handler)];

    private static ResourceMethod<SynctoHandler> Write(string method) => new(
        method, Access.Anonymous, BodyKind.Whole, static (syncto, request, cancellationToken) => syncto.Records.WriteAsync(request, cancellationToken));
}

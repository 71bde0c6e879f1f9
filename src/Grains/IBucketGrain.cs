using Lockstep.Grains.Wire;
using Lockstep.Grains.Wire.Former;

namespace Lockstep.Grains;

/// <summary>One bucket's owner, anywhere in the cluster. The key is the bucket's stored id.</summary>
[Alias("lockstep.bucket")]
public interface IBucketGrain : IGrainWithStringKey
{
    /// <summary>Like <see cref="RunAsync"/>, for gateways and silos of 0.1.0.</summary>
    [Alias("execute")]
    Task<ResponseWire> ExecuteAsync(RequestWire request, CancellationToken cancellationToken);

    /// <summary>Does nothing, and answers if the bucket's owner can be reached.</summary>
    [Alias("ping")]
    Task PingAsync();

    /// <summary>Executes a client's request; see <see cref="Core.Buckets.IBucket.ExecuteAsync"/>.</summary>
    /// <exception cref="ArgumentException">The caller claims to be the server itself.</exception>
    [Alias("run")]
    Task<BucketResponseSurrogate> RunAsync(BucketRequestSurrogate request);

    /// <summary>Like <see cref="RunAsync"/>, for a read that can take long: it stops when its caller has gone.</summary>
    /// <exception cref="ArgumentException">The caller claims to be the server itself, or the request is not a read.</exception>
    [Alias("read")]
    Task<BucketResponseSurrogate> ReadAsync(BucketRequestSurrogate request, CancellationToken cancellationToken);

    /// <summary>
    /// Like <see cref="RunAsync"/>, for requests that a silo from before sharing would misunderstand: from anonymous callers, about
    /// groups, or with permissions. Such a silo does not know the call.
    /// </summary>
    /// <exception cref="ArgumentException">The caller claims to be the server itself.</exception>
    [Alias("share")]
    Task<BucketResponseSurrogate> ShareAsync(BucketRequestSurrogate request);

    /// <summary>
    /// Like <see cref="ShareAsync"/>, for requests with filters on fields, which a silo from before these would ignore. Such a silo does not know the
    /// call. A read stops when its caller has gone.
    /// </summary>
    /// <exception cref="ArgumentException">The caller claims to be the server itself.</exception>
    [Alias("filter")]
    Task<BucketResponseSurrogate> FilterAsync(BucketRequestSurrogate request, CancellationToken cancellationToken);

    /// <summary>
    /// Like <see cref="FilterAsync"/>, for requests about history and files. An earlier silo would take their lists for empty, or would not know them.
    /// </summary>
    /// <exception cref="ArgumentException">The caller claims to be the server itself.</exception>
    [Alias("recall")]
    Task<BucketResponseSurrogate> RecallAsync(BucketRequestSurrogate request, CancellationToken cancellationToken);

    /// <summary>
    /// Executes the server's own requests, for a flush or after an account is closed. It is a separate call, so that nothing that a
    /// client puts into a request can turn it into one of the server's.
    /// </summary>
    /// <exception cref="ArgumentException">The caller is not the server itself.</exception>
    [Alias("administer")]
    Task<BucketResponseSurrogate> AdministerAsync(BucketRequestSurrogate request);
}

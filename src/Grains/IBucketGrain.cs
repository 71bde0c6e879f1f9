using Lockstep.Grains.Wire;
using Lockstep.Grains.Wire.Former;

namespace Lockstep.Grains;

/// <summary>One bucket's owner, wherever in the cluster it is. The key is the bucket's stored id.</summary>
[Alias("lockstep.bucket")]
public interface IBucketGrain : IGrainWithStringKey
{
    /// <summary>The same as <see cref="RunAsync"/>, as gateways of 0.1.0 ask for it and silos of 0.1.0 know it.</summary>
    [Alias("execute")]
    Task<ResponseWire> ExecuteAsync(RequestWire request, CancellationToken cancellationToken);

    /// <summary>Answers when the bucket's owner can be reached, and does nothing.</summary>
    [Alias("ping")]
    Task PingAsync();

    /// <summary>What clients asked for; see <see cref="Core.Buckets.IBucket.ExecuteAsync"/>.</summary>
    /// <exception cref="ArgumentException">The caller claims to be the server itself.</exception>
    [Alias("run")]
    Task<BucketResponseSurrogate> RunAsync(BucketRequestSurrogate request);

    /// <summary>As <see cref="RunAsync"/>, for a read that can take long: it ends when its caller has gone.</summary>
    /// <exception cref="ArgumentException">The caller claims to be the server itself, or the request is no read.</exception>
    [Alias("read")]
    Task<BucketResponseSurrogate> ReadAsync(BucketRequestSurrogate request, CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="RunAsync"/>, for what a silo from before sharing would take for something else: of a caller who is nobody, about
    /// groups, or with rights in it. Such a silo does not know the call.
    /// </summary>
    /// <exception cref="ArgumentException">The caller claims to be the server itself.</exception>
    [Alias("share")]
    Task<BucketResponseSurrogate> ShareAsync(BucketRequestSurrogate request);

    /// <summary>
    /// As <see cref="ShareAsync"/>, for what a silo from before filters on fields would do to records that they exclude. Such a silo does not know the
    /// call. A read ends when its caller has gone.
    /// </summary>
    /// <exception cref="ArgumentException">The caller claims to be the server itself.</exception>
    [Alias("filter")]
    Task<BucketResponseSurrogate> FilterAsync(BucketRequestSurrogate request, CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="FilterAsync"/>, for what a silo from before history and files would take for a list that is empty, or would not know.
    /// </summary>
    /// <exception cref="ArgumentException">The caller claims to be the server itself.</exception>
    [Alias("recall")]
    Task<BucketResponseSurrogate> RecallAsync(BucketRequestSurrogate request, CancellationToken cancellationToken);

    /// <summary>
    /// What the server itself does, for a flush or after an account's end. It is a call of its own, so that nothing that a
    /// client can bring into a request makes it one of the server's.
    /// </summary>
    /// <exception cref="ArgumentException">The caller is not the server itself.</exception>
    [Alias("administer")]
    Task<BucketResponseSurrogate> AdministerAsync(BucketRequestSurrogate request);
}

using Lockstep.Grains.Wire;

namespace Lockstep.Grains;

/// <summary>One bucket's owner, wherever in the cluster it is. The key is the bucket's stored id.</summary>
[Alias("lockstep.bucket")]
public interface IBucketGrain : IGrainWithStringKey
{
    /// <summary>See <see cref="Core.Buckets.IBucket.ExecuteAsync"/>.</summary>
    [Alias("execute")]
    Task<ResponseWire> ExecuteAsync(RequestWire request, CancellationToken cancellationToken);

    /// <summary>Answers when the bucket's owner can be reached, and does nothing.</summary>
    [Alias("ping")]
    Task PingAsync();
}

using Lockstep.Core.Buckets;
using Lockstep.Core.Push;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Protocol;

/// <summary>A store that fails to list the subscriptions of buckets while it is told to.</summary>
internal sealed class FailingPushStore(IPushStore inner) : IPushStore
{
    public Exception? Failure { get; set; }

    public ValueTask<IReadOnlyList<PushSubscription>> ListAsync(IReadOnlyCollection<BucketId> buckets, PushSubscription? after, int limit, CancellationToken cancellationToken) =>
        Failure is { } failure ? ValueTask.FromException<IReadOnlyList<PushSubscription>>(failure) : inner.ListAsync(buckets, after, limit, cancellationToken);

    public ValueTask<PushSubscription?> FindAsync(string owner, string id, CancellationToken cancellationToken) => inner.FindAsync(owner, id, cancellationToken);

    public ValueTask<IReadOnlyList<PushSubscription>> ListAsync(string owner, CancellationToken cancellationToken) => inner.ListAsync(owner, cancellationToken);

    public ValueTask<PushChange> PutAsync(PushSubscription next, ServerTimestamp read, int most, CancellationToken cancellationToken) => inner.PutAsync(next, read, most, cancellationToken);

    public ValueTask<bool> NoteAsync(PushSubscription read, PushSubscription next, CancellationToken cancellationToken) => inner.NoteAsync(read, next, cancellationToken);

    public ValueTask<bool> RemoveAsync(PushSubscription read, CancellationToken cancellationToken) => inner.RemoveAsync(read, cancellationToken);

    public ValueTask RemoveAllAsync(string owner, CancellationToken cancellationToken) => inner.RemoveAllAsync(owner, cancellationToken);

    public ValueTask<bool> PurgeAsync(ServerTimestamp before, int limit, CancellationToken cancellationToken) => inner.PurgeAsync(before, limit, cancellationToken);
}

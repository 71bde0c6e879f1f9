using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Transfer;

/// <summary>A bucket with all its rows, as of the moment of opening. It holds a connection until it is disposed. Not for several readers at once.</summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IBucketSnapshot : IAsyncDisposable
{
    BucketHeads Heads { get; }

    /// <summary>Rows of a list, including tombstones, in the order of their ids.</summary>
    /// <param name="list">The list's key.</param>
    /// <param name="after">The last id seen; empty for the beginning.</param>
    /// <param name="limit">The maximal number of rows.</param>
    /// <param name="maxBytes">Bytes of bodies after which to stop; the row that passes it is still returned.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<IReadOnlyList<StoredRecord>> ReadAsync(int list, string after, int limit, long maxBytes, CancellationToken cancellationToken);

    /// <summary>Whose standing changed and when, in the order of the keys; see <see cref="GrantRelation.Changed"/>.</summary>
    ValueTask<IReadOnlyList<(GrantKey Key, ServerTimestamp Stamp)>> ReadChangesAsync(CancellationToken cancellationToken);
}

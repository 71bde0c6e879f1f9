using Lockstep.Core.Time;

namespace Lockstep.Core.Attachments;

/// <summary>
/// Which files there are. It says nothing of whether a record names one: the bucket's owner does. They lie where accounts lie.
/// </summary>
/// <remarks>All calls throw <see cref="Storage.StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IAttachmentStore
{
    /// <summary>Notes a file whose content is about to come: from then on it is found by <see cref="ListAsync"/>, whatever becomes of the upload.</summary>
    ValueTask AddAsync(Attachment attachment, CancellationToken cancellationToken);

    /// <summary>The content of a file is there whole, and durable. One that was removed meanwhile is not ended: that is a <see cref="Storage.StoreUnavailableException"/> too.</summary>
    /// <param name="id">Which file.</param>
    /// <param name="size">Bytes of the content.</param>
    /// <param name="hash">See <see cref="Attachment.Hash"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask EndAsync(string id, long size, string hash, CancellationToken cancellationToken);

    /// <returns>Null where there is none, or its content is not there whole.</returns>
    ValueTask<Attachment?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Files that came, or were looked at last, before an instant, whole or not; those that wait longest first.</summary>
    /// <param name="before">The instant.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<IReadOnlyList<Attachment>> ListAsync(ServerTimestamp before, int limit, CancellationToken cancellationToken);

    /// <summary>Notes that files were looked at.</summary>
    ValueTask MarkAsync(IReadOnlyCollection<string> ids, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Forgets a file, whose content is to be gone before. Does nothing where it is not there.</summary>
    ValueTask RemoveAsync(string id, CancellationToken cancellationToken);
}

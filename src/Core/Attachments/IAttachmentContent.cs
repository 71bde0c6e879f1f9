namespace Lockstep.Core.Attachments;

/// <summary>What is in files, piece by piece, so that nobody has to hold one whole.</summary>
/// <remarks>All calls throw <see cref="Storage.StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IAttachmentContent
{
    /// <summary>Bytes of each piece but the last one. It never changes: pieces are found by their number.</summary>
    const int PieceBytes = 256 << 10;

    /// <summary>Writes a piece behind those that are there. It need not be durable before <see cref="EndAsync"/>.</summary>
    /// <param name="id">Which file.</param>
    /// <param name="number">Of the piece, from 0 on.</param>
    /// <param name="piece">Its bytes, not used after the call.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask AppendAsync(string id, int number, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken);

    /// <summary>All pieces were written, if there were any. They are durable once this has returned.</summary>
    ValueTask EndAsync(string id, CancellationToken cancellationToken);

    /// <returns>The piece; null where it is not there.</returns>
    ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string id, int number, CancellationToken cancellationToken);

    /// <summary>Removes what there is of a file, if anything.</summary>
    ValueTask RemoveAsync(string id, CancellationToken cancellationToken);
}

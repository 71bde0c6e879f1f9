using Lockstep.Core.Operations;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Syncto.Storage;

/// <summary>The storage of one user, opened: one of this server's, or one that lies elsewhere.</summary>
internal interface ISyncStorage
{
    /// <param name="collection">Whose records.</param>
    /// <param name="query">Which of them.</param>
    /// <param name="conditions">About the collection.</param>
    /// <param name="room">Of the answer; what the reply takes is kept there.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<StorageReply> ListAsync(string collection, SyncQuery query, Conditions conditions, AnswerRoom room, CancellationToken cancellationToken);

    ValueTask<StorageReply> ReadAsync(string collection, string id, Conditions conditions, AnswerRoom room, CancellationToken cancellationToken);

    /// <param name="collection">Where the record is.</param>
    /// <param name="change">What of it changes. What it does not say stays.</param>
    /// <param name="conditions">About the record.</param>
    /// <param name="isPatch">Whether the record has to be there already, and is wanted as it is then.</param>
    /// <param name="room">Of the answer.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    ValueTask<StorageReply> WriteAsync(
        string collection, RecordChange change, Conditions conditions, bool isPatch, AnswerRoom room, CancellationToken cancellationToken);

    ValueTask<StorageReply> DeleteAsync(string collection, string id, Conditions conditions, AnswerRoom room, CancellationToken cancellationToken);

    /// <summary>The collections that there are.</summary>
    ValueTask<StorageReply> CollectionsAsync(AnswerRoom room, CancellationToken cancellationToken);
}

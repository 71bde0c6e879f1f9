using Lockstep.Core.Buckets;
using Lockstep.Core.Records;

namespace Lockstep.Core.History;

/// <summary>
/// The form in which a protocol records the history of its buckets. The owner asks it while it applies a write, for each object that changes. Safe for
/// concurrent use; waits for nothing.
/// </summary>
public interface IHistoryForm
{
    /// <summary>Whether history is kept where a bucket or collection does not choose.</summary>
    bool KeepsByDefault { get; }

    /// <summary>Whether buckets and collections may choose for themselves. Where they may not, earlier choices do not count.</summary>
    bool LetsChoose { get; }

    /// <summary>Reads the choice of a bucket or collection about its own history. Only asked where <see cref="LetsChoose"/> is true.</summary>
    /// <param name="data">Its data.</param>
    HistoryChoice Read(ReadOnlyMemory<byte> data);

    /// <summary>
    /// Whether a user's changes of an object may be kept at all, whatever its bucket or collection chooses. A change that is not kept leaves a gap: its
    /// collection cannot be read as of a time before it.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="target">The object.</param>
    /// <param name="user">The user who changes it; null when nobody has signed in.</param>
    bool Keeps(BucketId bucket, ObjectRef target, string? user);

    /// <summary>An entry as clients read, filter and sort it.</summary>
    /// <returns>UTF-8: a JSON object without <c>id</c> and <c>last_modified</c>, as <see cref="StoredRecord.Body"/> is.</returns>
    ReadOnlyMemory<byte> Write(HistoryChange change);
}

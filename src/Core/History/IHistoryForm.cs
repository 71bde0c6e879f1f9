using Lockstep.Core.Buckets;
using Lockstep.Core.Records;

namespace Lockstep.Core.History;

/// <summary>
/// How a protocol tells the history of its buckets. The owner asks while it applies a write, for each object that changes. Safe for
/// concurrent use; waits for nothing.
/// </summary>
public interface IHistoryForm
{
    /// <summary>Whether changes of an object by somebody are kept at all. What is not kept is a gap: its collection cannot be read as of before it.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="target">The object.</param>
    /// <param name="user">Who changes it; null for nobody who signed in.</param>
    bool Keeps(BucketId bucket, ObjectRef target, string? user);

    /// <summary>An entry as clients read, filter and sort it.</summary>
    /// <returns>UTF-8: a JSON object without <c>id</c> and <c>last_modified</c>, as <see cref="StoredRecord.Body"/> is.</returns>
    ReadOnlyMemory<byte> Write(HistoryChange change);
}

using Lockstep.Core.Buckets;
using Lockstep.Core.Records;

namespace Lockstep.Core.History;

/// <summary>
/// How a protocol tells the history of its buckets. The owner asks while it applies a write, for each object that changes. Safe for
/// concurrent use; waits for nothing.
/// </summary>
public interface IHistoryForm
{
    /// <summary>Whether the history of what says nothing of it is kept.</summary>
    bool KeepsByDefault { get; }

    /// <summary>Whether buckets and collections may say otherwise. Where they may not, what they have said before does not count.</summary>
    bool LetsChoose { get; }

    /// <summary>Reads what a bucket or a collection says of its own history. Asked where <see cref="LetsChoose"/> is.</summary>
    /// <param name="data">Its data.</param>
    HistoryChoice Read(ReadOnlyMemory<byte> data);

    /// <summary>
    /// Whether changes of an object by somebody are kept at all, whatever is said of it. What is not kept is a gap: its collection cannot be
    /// read as of before it.
    /// </summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="target">The object.</param>
    /// <param name="user">Who changes it; null for nobody who signed in.</param>
    bool Keeps(BucketId bucket, ObjectRef target, string? user);

    /// <summary>An entry as clients read, filter and sort it.</summary>
    /// <returns>UTF-8: a JSON object without <c>id</c> and <c>last_modified</c>, as <see cref="StoredRecord.Body"/> is.</returns>
    ReadOnlyMemory<byte> Write(HistoryChange change);
}

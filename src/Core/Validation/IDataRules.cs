using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;

namespace Lockstep.Core.Validation;

/// <summary>
/// What a protocol asks of data beyond its being JSON, as far as its own objects say so: a collection of its records, a bucket of all that
/// lies in it. The owner asks while it applies a write, so that what counts is what is in force at the commit. Safe for concurrent use; time
/// and memory of each call are bounded.
/// </summary>
public interface IDataRules
{
    /// <summary>Whether a bucket or a collection may say what it says of the data of what lies in it.</summary>
    /// <param name="role">Of the object that is written: <see cref="ListRole.Self"/> or <see cref="ListRole.Collections"/>.</param>
    /// <param name="data">Its data as it is to be.</param>
    /// <param name="maxSize">Bytes of memory that what is read of it may take, as in <see cref="IDataRule.Size"/>.</param>
    /// <param name="givenUp">Nobody waits for it any more.</param>
    /// <returns>Why not; null where it may.</returns>
    /// <exception cref="OperationCanceledException">It is given up.</exception>
    Invalid? Refuse(ListRole role, ReadOnlyMemory<byte> data, long maxSize, CancellationToken givenUp);

    /// <summary>Reads what a bucket or a collection says, for many judgements.</summary>
    /// <param name="role">Of the object: <see cref="ListRole.Self"/> or <see cref="ListRole.Collections"/>.</param>
    /// <param name="data">Its data as it is.</param>
    /// <param name="maxSize">Bytes of memory that it may take. One that would take more is read as one by which nothing is valid.</param>
    /// <param name="givenUp">Nobody waits for it any more.</param>
    /// <returns>Null where it says nothing.</returns>
    /// <exception cref="OperationCanceledException">It is given up.</exception>
    IDataRule? Read(ListRole role, ReadOnlyMemory<byte> data, long maxSize, CancellationToken givenUp);
}

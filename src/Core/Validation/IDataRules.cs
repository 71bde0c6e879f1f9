using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;

namespace Lockstep.Core.Validation;

/// <summary>
/// A protocol's rules for data beyond valid JSON, as far as its own objects set them: a collection for its records, a bucket for everything
/// in it. The owner asks while it applies a write, so that the rules in force at the commit count. Safe for concurrent use; time
/// and memory of each call are bounded.
/// </summary>
public interface IDataRules
{
    /// <summary>Whether a bucket or a collection may have the rule that its data sets.</summary>
    /// <param name="role">The role of the written object's list: <see cref="ListRole.Self"/> or <see cref="ListRole.Collections"/>.</param>
    /// <param name="data">Its new data.</param>
    /// <param name="maxSize">Bytes of memory that the rule may take, as in <see cref="IDataRule.Size"/>.</param>
    /// <param name="givenUp">Cancelled when nobody waits for it any more.</param>
    /// <returns>Why not; null where it may.</returns>
    /// <exception cref="OperationCanceledException">The work was given up.</exception>
    Refused? Refuse(ListRole role, ReadOnlyMemory<byte> data, long maxSize, CancellationToken givenUp);

    /// <summary>Reads the rule of a bucket or a collection, for many judgements.</summary>
    /// <param name="role">The role of the object's list: <see cref="ListRole.Self"/> or <see cref="ListRole.Collections"/>.</param>
    /// <param name="data">Its present data.</param>
    /// <param name="maxSize">Bytes of memory that the rule may take. A larger rule is read as one that accepts nothing.</param>
    /// <param name="givenUp">Cancelled when nobody waits for it any more.</param>
    /// <returns>Null where it has no rule.</returns>
    /// <exception cref="OperationCanceledException">The work was given up.</exception>
    IDataRule? Read(ListRole role, ReadOnlyMemory<byte> data, long maxSize, CancellationToken givenUp);
}

using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Validation;

/// <summary>What one bucket or collection says of the data of what lies in it. Safe for concurrent use.</summary>
public interface IDataRule
{
    /// <summary>Bytes that it takes in memory; a rough figure is enough.</summary>
    long Size { get; }

    /// <summary>Judges data before it is written.</summary>
    /// <param name="target">The object that is written.</param>
    /// <param name="data">Its data, without what the server owns.</param>
    /// <param name="said">The stamp of the bucket or collection that says so.</param>
    /// <param name="briefly">Whether it may take some tenths of a millisecond only, so that it needs no place among what takes longer.</param>
    /// <param name="judged">What the request has taken so far; this judgement is added.</param>
    /// <param name="givenUp">Nobody waits for the judgement any more.</param>
    /// <returns>Null where that is more than can be done briefly; never null otherwise.</returns>
    /// <exception cref="OperationCanceledException">It is given up.</exception>
    DataVerdict? Judge(ObjectRef target, ReadOnlyMemory<byte> data, ServerTimestamp said, bool briefly, JudgedWork judged, CancellationToken givenUp);
}

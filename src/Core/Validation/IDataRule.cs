using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Validation;

/// <summary>The rule of one bucket or collection for the data of the objects in it. Safe for concurrent use.</summary>
public interface IDataRule
{
    /// <summary>Bytes that it takes in memory, roughly.</summary>
    long Size { get; }

    /// <summary>Judges data before it is written.</summary>
    /// <param name="target">The object that is written.</param>
    /// <param name="data">Its data, without the server's fields.</param>
    /// <param name="said">The stamp of the bucket or collection that has the rule.</param>
    /// <param name="briefly">Whether it may only take some tenths of a millisecond, so that it needs no place in the queue of longer work.</param>
    /// <param name="judged">The work of the request so far; this judgement is added.</param>
    /// <param name="givenUp">Cancelled when nobody waits for the judgement any more.</param>
    /// <returns>Null where the work would take longer than <paramref name="briefly"/> allows; never null otherwise.</returns>
    /// <exception cref="OperationCanceledException">The work was given up.</exception>
    DataVerdict? Judge(ObjectRef target, ReadOnlyMemory<byte> data, ServerTimestamp said, bool briefly, JudgedWork judged, CancellationToken givenUp);
}

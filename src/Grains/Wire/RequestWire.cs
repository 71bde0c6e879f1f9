using Lockstep.Core.Buckets;

namespace Lockstep.Grains.Wire;

/// <summary>
/// A <see cref="BucketRequest"/> between processes. Like all types of this folder: members keep their numbers for ever, new
/// ones get new numbers and mean nothing to those who do not know them, so that two versions run beside each other.
/// </summary>
/// <remarks>
/// Within a process the request itself goes along, and its operations are converted only to be serialized. So nothing in it
/// may be used for something else later, not even when the caller has given the call up.
/// </remarks>
[GenerateSerializer, Alias("lockstep.request"), Immutable]
public sealed class RequestWire
{
    [NonSerialized]
    private BucketRequest? request;

    [NonSerialized]
    private OperationWire[]? operations;

    [NonSerialized]
    private int sendings;

    [Id(0)]
    public required string Principal { get; init; }

    [Id(1)]
    public required bool IsDefaultBucket { get; init; }

    /// <summary>Of a request of this process it is read to be sent, and by nobody else.</summary>
    /// <exception cref="SentTwiceException">It is a write, and was sent before.</exception>
    [Id(2)]
    public OperationWire[] Operations
    {
        get => request is null ? operations! : Send(request);
        internal set => operations = value;
    }

    /// <summary>Whether it has begun to leave this process.</summary>
    internal bool WasSent => Volatile.Read(ref sendings) > 0;

    internal static RequestWire From(BucketRequest request) => new()
    {
        Principal = request.Caller.Principal,
        IsDefaultBucket = request.Caller.IsDefaultBucket,
        request = request,
    };

    internal BucketRequest ToRequest() => request
        ?? new(new Caller(Principal, IsDefaultBucket), Array.ConvertAll(Operations, static operation => operation.ToOperation()));

    /// <summary>
    /// Orleans sends what was under way once more when a connection breaks, though the other side may have read and executed it.
    /// Harmless for reads; a write ends here, and its caller learns that it is not known.
    /// </summary>
    private OperationWire[] Send(BucketRequest sent)
    {
        if (Interlocked.Increment(ref sendings) > 1 && !sent.IsReadOnly)
        {
            throw new SentTwiceException();
        }

        return [.. sent.Operations.Select(OperationWire.From)];
    }
}

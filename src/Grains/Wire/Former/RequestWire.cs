using Lockstep.Core.Buckets;

namespace Lockstep.Grains.Wire.Former;

/// <summary>
/// A <see cref="BucketRequest"/> as 0.1.0 speaks it. What is in this folder is for the time in which processes of two versions run
/// beside each other: it never changes, and the version after the next can do without.
/// </summary>
[GenerateSerializer, Alias("lockstep.request"), Immutable]
public sealed class RequestWire
{
    /// <summary>What 0.1.0 calls who flushes.</summary>
    private const string Flush = "system.flush";

    [NonSerialized]
    private Sending? sending;

    [NonSerialized]
    private OperationWire[]? operations;

    [Id(0)]
    public required string Principal { get; init; }

    [Id(1)]
    public required bool IsDefaultBucket { get; init; }

    /// <summary>Of a request of this process it is read to be sent, and by nobody else.</summary>
    /// <exception cref="SentTwiceException">It is a write, and was sent before.</exception>
    [Id(2)]
    public OperationWire[] Operations
    {
        get => sending is null ? operations! : Send(sending);
        internal set => operations = value;
    }

    /// <param name="sending">The request on its way.</param>
    /// <param name="id">To which bucket.</param>
    internal static RequestWire From(Sending sending, BucketId id)
    {
        var caller = sending.Request.Caller;
        return new()
        {
            Principal = caller.Principals.User ?? Flush,
            IsDefaultBucket = caller.Access == BucketAccess.Own
                || (caller.Access == BucketAccess.System && (caller.Principals.User is null || id.IsDefaultBucket)),
            sending = sending,
        };
    }

    internal BucketRequest ToRequest() => sending?.Request ?? new(
        new Caller(new PrincipalSet(Principal), IsDefaultBucket ? BucketAccess.Own : BucketAccess.ByAcl),
        Array.ConvertAll(Operations, static operation => operation.ToOperation()));

    private static OperationWire[] Send(Sending sending)
    {
        sending.Begin();
        return [.. sending.Request.Operations.Select(OperationWire.From)];
    }
}

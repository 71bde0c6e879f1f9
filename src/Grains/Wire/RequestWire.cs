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

    [Id(0)]
    public required string Principal { get; init; }

    [Id(1)]
    public required bool IsDefaultBucket { get; init; }

    [Id(2)]
    public OperationWire[] Operations
    {
        get => operations ??= [.. request!.Operations.Select(OperationWire.From)];
        internal set => operations = value;
    }

    internal static RequestWire From(BucketRequest request) => new()
    {
        Principal = request.Caller.Principal,
        IsDefaultBucket = request.Caller.IsDefaultBucket,
        request = request,
    };

    internal BucketRequest ToRequest() => request
        ?? new(new Caller(Principal, IsDefaultBucket), Array.ConvertAll(Operations, static operation => operation.ToOperation()));
}

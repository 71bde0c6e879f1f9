using Lockstep.Core.Buckets;

namespace Lockstep.Grains.Wire;

/// <summary>
/// A <see cref="BucketRequest"/> between processes. Like all types of this folder: members keep their numbers for ever, new
/// ones get new numbers and mean nothing to those who do not know them, so that two versions run beside each other.
/// </summary>
[GenerateSerializer, Alias("lockstep.request"), Immutable]
public sealed class RequestWire
{
    [Id(0)]
    public required string Principal { get; init; }

    [Id(1)]
    public required bool IsDefaultBucket { get; init; }

    [Id(2)]
    public required OperationWire[] Operations { get; init; }

    internal static RequestWire From(BucketRequest request) => new()
    {
        Principal = request.Caller.Principal,
        IsDefaultBucket = request.Caller.IsDefaultBucket,
        Operations = [.. request.Operations.Select(OperationWire.From)],
    };

    internal BucketRequest ToRequest() =>
        new(new Caller(Principal, IsDefaultBucket), Array.ConvertAll(Operations, static operation => operation.ToOperation()));
}

using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql.Reads;

/// <summary>A read of one bucket's heads.</summary>
internal sealed class PendingHeads(BucketId id, bool claim, CancellationToken cancellationToken) : PendingRead(cancellationToken)
{
    private readonly TaskCompletionSource<BucketHeads?> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BucketId Id { get; } = id;

    public bool Claim { get; } = claim;

    /// <summary>What has been found so far; null if the bucket was never written.</summary>
    public BucketHeads? Found { get; set; }

    /// <summary>The bucket's indexes on fields, as <see cref="StoredFieldIndexes"/> reads them.</summary>
    public string? Indexes { get; set; }

    public Task<BucketHeads?> Answer => answer.Task;

    public void Complete() => answer.TrySetResult(Found);

    public override void Fail(Exception fault) => answer.TrySetException(fault);
}

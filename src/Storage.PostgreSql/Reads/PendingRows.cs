using Lockstep.Core.Records;

namespace Lockstep.Storage.PostgreSql.Reads;

/// <summary>A read of rows of one bucket by their keys.</summary>
internal sealed class PendingRows(long bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken)
    : PendingRead(cancellationToken)
{
    private readonly TaskCompletionSource<IReadOnlyDictionary<RecordKey, StoredRecord>> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Bucket { get; } = bucket;

    public IReadOnlyCollection<RecordKey> Keys { get; } = keys;

    public Projection Projection { get; } = projection;

    /// <summary>What has been found so far.</summary>
    public Dictionary<RecordKey, StoredRecord> Found { get; } = new(keys.Count);

    public Task<IReadOnlyDictionary<RecordKey, StoredRecord>> Answer => answer.Task;

    public void Complete() => answer.TrySetResult(Found);

    public override void Fail(Exception fault) => answer.TrySetException(fault);
}

namespace Lockstep.Core.Quotas;

/// <summary>What one user, bucket or collection may hold instead of what all may.</summary>
public sealed record QuotaOverride
{
    /// <summary>The user, as a principal: <c>account:alice</c>. Default: none; then it is about a bucket.</summary>
    public string? User { get; init; }

    /// <summary>The bucket, by its id; somebody's personal one as <c>u:</c> and its id. Default: none; then it is about a user.</summary>
    public string? Bucket { get; init; }

    /// <summary>Whether it is about somebody's personal bucket: others can name a bucket of theirs by the same id.</summary>
    internal bool IsOfPersonalBucket => Bucket is not null && Bucket.StartsWith("u:", StringComparison.Ordinal);

    /// <summary>The collection in the bucket, by its id. Default: none; then it is about the bucket.</summary>
    public string? Collection { get; init; }

    /// <summary>Bytes; 0 for no limit. Default: as for all.</summary>
    public long? Bytes { get; init; }

    /// <summary>Records; 0 for no limit. Default: as for all.</summary>
    public long? Records { get; init; }
}

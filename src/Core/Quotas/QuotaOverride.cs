namespace Lockstep.Core.Quotas;

/// <summary>Limits of one user, bucket or collection in place of the general ones.</summary>
public sealed record QuotaOverride
{
    /// <summary>The user, as a principal: <c>account:alice</c>. Default: none; then the limits are a bucket's.</summary>
    public string? User { get; init; }

    /// <summary>The bucket, by its id; a personal one as <c>u:</c> and its id. Default: none; then the limits are a user's.</summary>
    public string? Bucket { get; init; }

    /// <summary>Whether the limits are those of a personal bucket. Other users can give a bucket of theirs the same id.</summary>
    internal bool IsOfPersonalBucket => Bucket is not null && Bucket.StartsWith("u:", StringComparison.Ordinal);

    /// <summary>The collection in the bucket, by its id. Default: none; then the limits are the bucket's.</summary>
    public string? Collection { get; init; }

    /// <summary>Bytes; 0 for no limit. Default: the general limit.</summary>
    public long? Bytes { get; init; }

    /// <summary>Records; 0 for no limit. Default: the general limit.</summary>
    public long? Records { get; init; }
}

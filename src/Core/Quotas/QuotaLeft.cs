namespace Lockstep.Core.Quotas;

/// <summary>What may still be written before the first limit.</summary>
/// <param name="Bytes">Null where there is no limit.</param>
/// <param name="Records">Null where there is no limit.</param>
public readonly record struct QuotaLeft(long? Bytes, long? Records)
{
    /// <param name="used">What something holds.</param>
    /// <param name="limit">What it may; 0 for no limit.</param>
    public static QuotaLeft Of(QuotaAmount used, QuotaAmount limit) => new(
        limit.Bytes > 0 ? Math.Max(0, limit.Bytes - used.Bytes) : null, limit.Records > 0 ? Math.Max(0, limit.Records - used.Records) : null);

    /// <summary>The lesser of each.</summary>
    public QuotaLeft And(QuotaLeft other) => new(Least(Bytes, other.Bytes), Least(Records, other.Records));

    private static long? Least(long? a, long? b) => a is { } x && b is { } y ? Math.Min(x, y) : a ?? b;
}

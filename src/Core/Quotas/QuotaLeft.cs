namespace Lockstep.Core.Quotas;

/// <summary>The amount that may still be written before the first limit.</summary>
/// <param name="Bytes">Null where there is no limit.</param>
/// <param name="Records">Null where there is no limit.</param>
public readonly record struct QuotaLeft(long? Bytes, long? Records)
{
    /// <param name="used">The amount in use.</param>
    /// <param name="limit">The limit; 0 for none.</param>
    public static QuotaLeft Of(QuotaAmount used, QuotaAmount limit) => new(
        limit.Bytes > 0 ? Math.Max(0, limit.Bytes - used.Bytes) : null, limit.Records > 0 ? Math.Max(0, limit.Records - used.Records) : null);

    /// <summary>The lesser of each amount.</summary>
    public QuotaLeft And(QuotaLeft other) => new(Least(Bytes, other.Bytes), Least(Records, other.Records));

    private static long? Least(long? a, long? b) => a is { } x && b is { } y ? Math.Min(x, y) : a ?? b;
}

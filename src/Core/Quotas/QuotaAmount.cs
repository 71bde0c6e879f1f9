namespace Lockstep.Core.Quotas;

/// <summary>What something holds, may hold, or may hold more.</summary>
/// <param name="Bytes">Of the data of live objects.</param>
/// <param name="Records">Live ones.</param>
public readonly record struct QuotaAmount(long Bytes, long Records)
{
    public static QuotaAmount operator +(QuotaAmount a, QuotaAmount b) => new(a.Bytes + b.Bytes, a.Records + b.Records);

    public static QuotaAmount operator -(QuotaAmount a, QuotaAmount b) => new(a.Bytes - b.Bytes, a.Records - b.Records);
}

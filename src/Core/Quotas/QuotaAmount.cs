namespace Lockstep.Core.Quotas;

/// <summary>An amount of stored data: used, allowed, or left.</summary>
/// <param name="Bytes">Bytes of the data of live objects.</param>
/// <param name="Records">Live records.</param>
public readonly record struct QuotaAmount(long Bytes, long Records)
{
    public static QuotaAmount operator +(QuotaAmount a, QuotaAmount b) => new(a.Bytes + b.Bytes, a.Records + b.Records);

    public static QuotaAmount operator -(QuotaAmount a, QuotaAmount b) => new(a.Bytes - b.Bytes, a.Records - b.Records);
}

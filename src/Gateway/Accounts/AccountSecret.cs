namespace Lockstep.Gateway.Accounts;

/// <summary>The database's random secret. Ids of default buckets are derived with it, so that nobody can work them out.</summary>
public sealed record AccountSecret(ReadOnlyMemory<byte> Value)
{
    /// <summary>Never shows the value.</summary>
    public override string ToString() => nameof(AccountSecret);
}

using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire;

/// <summary>A <see cref="Caller"/> beside the one who asks, without their groups, which owners find by themselves.</summary>
[GenerateSerializer, Alias("lockstep.caller"), Immutable]
public sealed class CallerWire
{
    /// <summary>Null for nobody.</summary>
    [Id(0)]
    public string? User { get; init; }

    [Id(1)]
    public BucketAccess Access { get; init; }

    /// <summary>The number of the user's account; 0 where it is not known.</summary>
    [Id(2)]
    public long Account { get; init; }

    /// <summary>When that account was made, ms; 0 where it is not known.</summary>
    [Id(3)]
    public long AccountSince { get; init; }

    internal static CallerWire From(Caller caller) => new()
    {
        User = caller.Principals.User,
        Access = caller.Access,
        Account = caller.Principals.Account.Number,
        AccountSince = caller.Principals.Account.Since.Milliseconds,
    };

    internal Caller ToCaller() => new(new PrincipalSet(User) { Account = new AccountRef(Account, new ServerTimestamp(AccountSince)) }, Access);
}

using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire;

/// <summary>A <see cref="OtherReader"/>; owners find their groups by themselves.</summary>
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

    internal static CallerWire From(OtherReader other) => new()
    {
        User = other.User, Access = other.IsOwn ? BucketAccess.Own : BucketAccess.ByAcl, Account = other.Account, AccountSince = other.Since.Milliseconds,
    };

    internal OtherReader ToReader() => new(User, Account, new ServerTimestamp(AccountSince), Access == BucketAccess.Own);
}

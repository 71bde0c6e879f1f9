using Lockstep.Core.Buckets;

namespace Lockstep.Core.Owner;

/// <summary>For whom a list is read.</summary>
/// <param name="User">Whose places and room it takes; empty for the server's own.</param>
/// <param name="IsInTurn">Whether it is read in a turn, where it keeps all others of the bucket waiting.</param>
internal readonly record struct Asker(string User, bool IsInTurn)
{
    public static Asker Of(Caller caller, Overlay overlay) => new(caller.Principals.User ?? "", overlay.Start is not null);
}

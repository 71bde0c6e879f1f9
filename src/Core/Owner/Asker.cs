using Lockstep.Core.Buckets;

namespace Lockstep.Core.Owner;

/// <summary>The caller for whom a list is read.</summary>
/// <param name="User">The user whose places and room the read takes; empty for the server itself.</param>
/// <param name="IsInTurn">Whether the read is inside a turn, where all other requests of the bucket wait for it.</param>
internal readonly record struct Asker(string User, bool IsInTurn)
{
    public static Asker Of(Caller caller, Overlay overlay) => new(caller.Principals.User ?? "", overlay.Start is not null);
}

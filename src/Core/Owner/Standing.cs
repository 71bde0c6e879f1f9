using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>A caller with the groups that count in a bucket.</summary>
/// <param name="Caller">The caller.</param>
/// <param name="ForeignChanges">
/// When their membership in groups of other buckets changed, by those buckets' clocks; see <see cref="ForeignHorizon"/>. If there are many changes, only some.
/// </param>
internal readonly record struct Standing(Caller Caller, IReadOnlyList<ServerTimestamp> ForeignChanges);

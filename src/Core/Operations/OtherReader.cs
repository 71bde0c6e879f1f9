using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>Somebody beside the caller who asks for the same, without their groups.</summary>
/// <param name="User">Who; null for nobody.</param>
/// <param name="Account">The number of the user's account; 0 where it is not known.</param>
/// <param name="Since">When that account was made; zero where it is not known.</param>
/// <param name="IsOwn">Whether the bucket's id was derived from their own identity.</param>
public readonly record struct OtherReader(string? User, long Account, ServerTimestamp Since, bool IsOwn);

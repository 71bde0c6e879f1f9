using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>Another reader who asks for the same, without their groups.</summary>
/// <param name="User">The reader; null for nobody.</param>
/// <param name="Account">The number of the user's account; 0 if unknown.</param>
/// <param name="Since">When that account was created; zero if unknown.</param>
/// <param name="IsOwn">Whether the bucket's id was derived from their own identity.</param>
public readonly record struct OtherReader(string? User, long Account, ServerTimestamp Since, bool IsOwn);

using Lockstep.Core.Time;

namespace Lockstep.Core.Assignments;

/// <summary>A code that lets one user in who is not known yet.</summary>
/// <param name="Digest">SHA-256 of the code, hex: the code itself is kept nowhere.</param>
/// <param name="Note">What the operator wrote to it.</param>
/// <param name="QuotaBytes">What the user may store; null: what the settings say.</param>
/// <param name="Expires">When it ends, if nobody has taken it.</param>
/// <param name="User">Who has taken it; null for nobody.</param>
public sealed record Invitation(string Digest, string Note, long? QuotaBytes, ServerTimestamp Expires, UserIdentity? User);

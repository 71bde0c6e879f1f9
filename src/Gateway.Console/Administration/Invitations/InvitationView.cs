namespace Lockstep.Gateway.Console.Administration.Invitations;

/// <summary>An invitation that nobody has used, as administrators see it. Its link is not in it.</summary>
/// <param name="Id">Digest of its secret; opens nothing.</param>
/// <param name="Account">The name that the account must have; empty for any.</param>
/// <param name="Note">Whom it is for.</param>
/// <param name="Expires">When it ends, in milliseconds since the Unix epoch.</param>
/// <param name="IsOver">Whether it has ended.</param>
internal sealed record InvitationView(string Id, string Account, string Note, long Expires, bool IsOver);

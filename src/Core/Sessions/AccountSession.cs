using Lockstep.Core.Accounts;
using Lockstep.Core.Time;

namespace Lockstep.Core.Sessions;

/// <summary>A user's sign-in that lasts: whoever has its secret acts as the user. The secret itself is not stored.</summary>
/// <param name="Digest">SHA-256 of the secret, hex.</param>
/// <param name="Account">The account as it is now.</param>
/// <param name="Mark">A text that differs for each password of the account. If the account has another by now, the session is over.</param>
/// <param name="Created">When the user signed in.</param>
/// <param name="Expires">From then on it counts as absent.</param>
public sealed record AccountSession(string Digest, Account Account, string Mark, ServerTimestamp Created, ServerTimestamp Expires);

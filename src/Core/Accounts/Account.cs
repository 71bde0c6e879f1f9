using Lockstep.Core.Time;

namespace Lockstep.Core.Accounts;

/// <param name="Number">Given once and never again, also after the account was deleted: what is derived from it cannot be inherited.</param>
/// <param name="Name">What the user signs in with; unique.</param>
/// <param name="PasswordHash">As <see cref="Accounts.PasswordHash"/> writes it. Never leaves the server.</param>
/// <param name="Modified">Last change.</param>
/// <param name="IsBeingDeleted">Nobody can sign in any more; the account's data is going.</param>
public sealed record Account(long Number, string Name, string PasswordHash, ServerTimestamp Modified, bool IsBeingDeleted);

using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Accounts;

/// <param name="Number">Given once and never again, also after the account was deleted: what is derived from it cannot be inherited.</param>
/// <param name="Name">What the user signs in with; unique.</param>
/// <param name="PasswordHash">As <see cref="Accounts.PasswordHash"/> writes it. Never leaves the server.</param>
/// <param name="Modified">Last change.</param>
/// <param name="IsBeingDeleted">Nobody can sign in any more; the account's data is going.</param>
public sealed record Account(long Number, string Name, string PasswordHash, ServerTimestamp Modified, bool IsBeingDeleted)
{
    /// <summary>When it was made; zero for one that was made by a program which did not note that.</summary>
    public ServerTimestamp Since { get; init; }

    public AccountRef Ref => new(Number, Since);

    /// <summary>Whether it still is the account that was read, with the password that it had then.</summary>
    /// <param name="read">As it was read before.</param>
    public bool HasPasswordOf(Account read) => Number == read.Number && string.Equals(PasswordHash, read.PasswordHash, StringComparison.Ordinal);
}

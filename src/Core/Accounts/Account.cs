using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Accounts;

/// <param name="Number">Never given again, even after the account is deleted: nothing derived from it can be inherited.</param>
/// <param name="Name">The name that the user signs in with; unique.</param>
/// <param name="PasswordHash">As <see cref="Accounts.PasswordHash"/> writes it. Never leaves the server.</param>
/// <param name="Modified">Last change.</param>
/// <param name="IsBeingDeleted">Nobody can sign in any more, and the account's data is being deleted.</param>
public sealed record Account(long Number, string Name, string PasswordHash, ServerTimestamp Modified, bool IsBeingDeleted)
{
    /// <summary>When it was made; zero for an account from a program that did not record it.</summary>
    public ServerTimestamp Since { get; init; }

    /// <summary>Whether it is marked as an administrator, whatever the settings say. Default: false, also where it was read together with something else.</summary>
    public bool IsAdministrator { get; init; }

    /// <summary>Whether an administrator has disabled it: nobody can sign in, and its data stays. Default: false, also where it was read together with something else.</summary>
    public bool IsDisabled { get; init; }

    public AccountRef Ref => new(Number, Since);

    /// <summary>Whether it is still the account that was read, with the same password.</summary>
    /// <param name="read">As it was read before.</param>
    public bool HasPasswordOf(Account read) => Number == read.Number && string.Equals(PasswordHash, read.PasswordHash, StringComparison.Ordinal);
}

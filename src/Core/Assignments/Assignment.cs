using Lockstep.Core.Time;

namespace Lockstep.Core.Assignments;

/// <summary>The store that a user was given. A user has one at a time; those before it are replaced, closed, and removed later.</summary>
/// <param name="Number">
/// Of the store: given once, from the numbers of accounts, so that closing it is closing an account
/// (<see cref="Accounts.IAccountStore.CloseAsync"/>).
/// </param>
/// <param name="User">Whose it is.</param>
/// <param name="Keys">As of the last request that was accepted.</param>
/// <param name="Node">The number of the node that it lies on; 0 is this server.</param>
/// <param name="Created">When it was given.</param>
/// <param name="Replaced">When another took its place, or the user went; null for the one that is in use.</param>
/// <param name="IsClosed">Nothing can be written to it any more, by whatever token.</param>
/// <param name="QuotaBytes">What may be stored; null: what the settings say.</param>
public sealed record Assignment(
    long Number, UserIdentity User, UserKeys Keys, int Node, ServerTimestamp Created, ServerTimestamp? Replaced, bool IsClosed, long? QuotaBytes)
{
    public bool IsRetired => Keys.Generation == UserKeys.RetiredGeneration;
}

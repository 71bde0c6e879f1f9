using Lockstep.Core.Time;

namespace Lockstep.Core.Assignments;

/// <summary>A store that was assigned to a user. A user has one at a time. Earlier ones are replaced, closed, and removed later.</summary>
/// <param name="Number">
/// The store's number, never given again. It comes from the numbers of accounts, so that closing the store is closing an account
/// (<see cref="Accounts.IAccountStore.CloseAsync"/>).
/// </param>
/// <param name="User">The user that it belongs to.</param>
/// <param name="Keys">The keys of the last accepted request.</param>
/// <param name="Node">The number of its node; 0 is this server.</param>
/// <param name="Created">When it was assigned.</param>
/// <param name="Replaced">When another store replaced it, or the user was removed; null while it is in use.</param>
/// <param name="IsClosed">Nothing can be written to it any more, with any token.</param>
/// <param name="QuotaBytes">Bytes that may be stored; null for the limit of the settings.</param>
public sealed record Assignment(
    long Number, UserIdentity User, UserKeys Keys, int Node, ServerTimestamp Created, ServerTimestamp? Replaced, bool IsClosed, long? QuotaBytes)
{
    public bool IsRetired => Keys.Generation == UserKeys.RetiredGeneration;
}

using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Assignments;

/// <summary>
/// Who has which store, on which node. Lies where accounts lie. What a caller decides is decided from what it has read, and is done
/// only if that is still so, in one statement or transaction: of requests that race, one wins and the others read again.
/// </summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IAssignmentStore
{
    /// <returns>The user's stores, the one in use first, then those that were replaced, the newest first; at most 20.</returns>
    ValueTask<IReadOnlyList<Assignment>> FindAsync(UserIdentity user, CancellationToken cancellationToken);

    /// <summary>Gives a user a store, in place of the one they have.</summary>
    /// <param name="user">The user.</param>
    /// <param name="expected">The store in use as it was read, with its number, keys and quota; null: the user has none in use.</param>
    /// <param name="keys">Of the new one; not of the retired generation, which only <see cref="EndAsync"/> gives.</param>
    /// <param name="node">Where it lies. Its load rises by one and its availability falls by one, at least to 0; not for 0, this server.</param>
    /// <param name="quotaBytes">Of the new one.</param>
    /// <param name="now">When. It is later than the stamps of the stores before it, whatever the clock says.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The new one; null when the user's store is not as expected any more, the user is retired, or the node is gone.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The keys are of the retired generation.</exception>
    ValueTask<Assignment?> GiveAsync(
        UserIdentity user, Assignment? expected, UserKeys keys, int node, long? quotaBytes, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Notes newer keys of the store in use.</summary>
    /// <param name="expected">The store as it was read.</param>
    /// <param name="keys">With the same fingerprint, or the first one; neither number is lower, nor the generation the retired one.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when it is neither as it was read any more nor has these keys already; nothing is changed then.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The keys are of the retired generation.</exception>
    ValueTask<bool> AdvanceAsync(Assignment expected, UserKeys keys, CancellationToken cancellationToken);

    /// <summary>Takes the user's store out of use. With a retired generation the user never gets another.</summary>
    /// <param name="expected">
    /// The store in use as it was read. To retire a user who has none in use, the last one that they had, as it was read.
    /// </param>
    /// <param name="retire">Whether the user is gone for good.</param>
    /// <param name="now">When.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when it is not as it was read any more.</returns>
    ValueTask<bool> EndAsync(Assignment expected, bool retire, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Notes that a replaced store takes no commits any more. Called after its number was closed.</summary>
    ValueTask NoteClosedAsync(long number, CancellationToken cancellationToken);

    /// <summary>Sets what one user may store; null: what the settings say.</summary>
    /// <returns>False when the user has no store in use.</returns>
    ValueTask<bool> SetQuotaAsync(UserIdentity user, long? quotaBytes, CancellationToken cancellationToken);

    /// <summary>Users' stores that are in use, in order of their numbers, after one.</summary>
    ValueTask<IReadOnlyList<Assignment>> ListAsync(long after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Stores that were replaced before an instant, in order of their numbers, after one. Without those that are kept since they keep a
    /// user out, once they are forgotten.
    /// </summary>
    ValueTask<IReadOnlyList<Assignment>> ListReplacedAsync(ServerTimestamp before, long after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets a replaced store whose data is gone. The last one of a user who is retired stays, without its data: it is what keeps
    /// them out.
    /// </summary>
    ValueTask ForgetAsync(long number, CancellationToken cancellationToken);

    /// <summary>All nodes, by number.</summary>
    ValueTask<IReadOnlyList<AssignmentNode>> ListNodesAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Adds a node with nothing released, or changes the one with that URL: capacity, and whether it is down or draining. No more stays
    /// released than there is room for.
    /// </summary>
    /// <returns>The node as it is now.</returns>
    ValueTask<AssignmentNode> PutNodeAsync(string url, int capacity, bool isDown, bool isDraining, CancellationToken cancellationToken);

    /// <summary>
    /// Releases room on nodes that have none released and are neither full, down nor draining:
    /// <c>min(capacity * rate, capacity - load)</c>, rounded half to even, at least 1.
    /// </summary>
    /// <returns>Whether such a node has room released now, also where somebody else has done it.</returns>
    ValueTask<bool> ReleaseAsync(double rate, CancellationToken cancellationToken);

    /// <summary>Removes a node. Its users get a store on another when they come next; nothing there is reached any more.</summary>
    /// <returns>False when there is none.</returns>
    ValueTask<bool> RemoveNodeAsync(string url, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Adds one; does nothing where there is one of its digest.</summary>
    ValueTask AddInvitationAsync(Invitation invitation, CancellationToken cancellationToken);

    /// <returns>The invitation, also when it is taken or has ended; null when there is none.</returns>
    ValueTask<Invitation?> FindInvitationAsync(string digest, CancellationToken cancellationToken);

    /// <returns>The invitation that is somebody's; of several the one that ends last; null for none.</returns>
    ValueTask<Invitation?> FindInvitationOfAsync(UserIdentity user, CancellationToken cancellationToken);

    /// <summary>Binds an invitation to its first user, whom another server vouches for. One that lets in a user of this server is spent with the account that is made.</summary>
    /// <returns>The invitation, also when it was this user's already; null when there is none, it has ended, or it is another's.</returns>
    ValueTask<Invitation?> TakeInvitationAsync(string digest, UserIdentity user, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>All invitations that nobody has taken.</summary>
    ValueTask<IReadOnlyList<Invitation>> ListInvitationsAsync(CancellationToken cancellationToken);

    /// <returns>False when there is none.</returns>
    ValueTask<bool> RemoveInvitationAsync(string digest, CancellationToken cancellationToken);
}

using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Assignments;

/// <summary>
/// Assigns stores on nodes to users. It is in the database of the accounts. A change is conditional: it is done, in one statement or transaction,
/// only if the data is still as the caller has read it. Of racing requests one wins, and the others read again.
/// </summary>
/// <remarks>All calls throw <see cref="StoreUnavailableException"/> when the store cannot answer.</remarks>
public interface IAssignmentStore
{
    /// <returns>The user's stores: first the one in use, then the replaced ones, the newest first; at most 20.</returns>
    ValueTask<IReadOnlyList<Assignment>> FindAsync(UserIdentity user, CancellationToken cancellationToken);

    /// <summary>Assigns a user a store, which replaces their present one.</summary>
    /// <param name="user">The user.</param>
    /// <param name="expected">The store in use as it was read, with its number, keys and quota; null: the user has none in use.</param>
    /// <param name="keys">The new store's keys. They must not be of the retired generation, which only <see cref="EndAsync"/> sets.</param>
    /// <param name="node">The new store's node. Its load rises by one and its availability falls by one, to 0 at the lowest. 0 is this server, which counts neither.</param>
    /// <param name="quotaBytes">The new store's quota.</param>
    /// <param name="now">The time of the assignment. The stamp is later than those of the user's earlier stores, whatever the clock says.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The new store; null when the user's store is no longer as expected, the user is retired, or the node is gone.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The keys are of the retired generation.</exception>
    ValueTask<Assignment?> GiveAsync(
        UserIdentity user, Assignment? expected, UserKeys keys, int node, long? quotaBytes, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Records newer keys of the store in use.</summary>
    /// <param name="expected">The store as it was read.</param>
    /// <param name="keys">With the same fingerprint, or the first one. Neither number may be lower, nor the generation the retired one.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when it has changed since it was read and does not have these keys either; nothing is changed then.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The keys are of the retired generation.</exception>
    ValueTask<bool> AdvanceAsync(Assignment expected, UserKeys keys, CancellationToken cancellationToken);

    /// <summary>Takes the user's store out of use. A user with a retired generation never gets another.</summary>
    /// <param name="expected">
    /// The store in use as it was read. To retire a user who has none in use, their last store as it was read.
    /// </param>
    /// <param name="retire">Whether the user is gone for good.</param>
    /// <param name="now">The time of the change.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>False when it has changed since it was read.</returns>
    ValueTask<bool> EndAsync(Assignment expected, bool retire, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Records that a replaced store takes no commits any more. Called after its number was closed.</summary>
    ValueTask NoteClosedAsync(long number, CancellationToken cancellationToken);

    /// <summary>Sets how much one user may store; null for the limit of the settings.</summary>
    /// <returns>False when the user has no store in use.</returns>
    ValueTask<bool> SetQuotaAsync(UserIdentity user, long? quotaBytes, CancellationToken cancellationToken);

    /// <summary>Stores in use, in order of their numbers, after a number.</summary>
    ValueTask<IReadOnlyList<Assignment>> ListAsync(long after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Stores that were replaced before an instant, in order of their numbers, after a number. Excludes stores that are forgotten and only kept
    /// to keep a retired user out.
    /// </summary>
    ValueTask<IReadOnlyList<Assignment>> ListReplacedAsync(ServerTimestamp before, long after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets a replaced store whose data is gone. The last store of a retired user stays, without its data, because it keeps
    /// the user out.
    /// </summary>
    ValueTask ForgetAsync(long number, CancellationToken cancellationToken);

    /// <summary>All nodes, by number.</summary>
    ValueTask<IReadOnlyList<AssignmentNode>> ListNodesAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Adds a node with nothing released, or changes the one with that URL: its capacity, and whether it is down or draining. If more is
    /// released than there is room for, the release is lowered.
    /// </summary>
    /// <returns>The node after the change.</returns>
    ValueTask<AssignmentNode> PutNodeAsync(string url, int capacity, bool isDown, bool isDraining, CancellationToken cancellationToken);

    /// <summary>
    /// Releases room on nodes that have none released and are neither full, down nor draining:
    /// <c>min(capacity * rate, capacity - load)</c>, rounded half to even, at least 1.
    /// </summary>
    /// <returns>Whether such a node has room released now, even if another caller released it.</returns>
    ValueTask<bool> ReleaseAsync(double rate, CancellationToken cancellationToken);

    /// <summary>Removes a node. Its users get a store on another node with their next request; their data there can no longer be reached.</summary>
    /// <returns>False when there is no such node.</returns>
    ValueTask<bool> RemoveNodeAsync(string url, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>Adds an invitation; does nothing if one with its digest exists.</summary>
    ValueTask AddInvitationAsync(Invitation invitation, CancellationToken cancellationToken);

    /// <returns>The invitation, even if it is taken or has ended; null when there is none.</returns>
    ValueTask<Invitation?> FindInvitationAsync(string digest, CancellationToken cancellationToken);

    /// <returns>The user's invitation; of several the one that ends last; null for none.</returns>
    ValueTask<Invitation?> FindInvitationOfAsync(UserIdentity user, CancellationToken cancellationToken);

    /// <summary>Binds an invitation to its first user, whom another server vouches for. An invitation for a user of this server is spent when their account is made; one to an account with a password is never bound so.</summary>
    /// <returns>The invitation, even if it was this user's already; null when there is none, it has ended, it is another user's, or it is to an account with a password.</returns>
    ValueTask<Invitation?> TakeInvitationAsync(string digest, UserIdentity user, ServerTimestamp now, CancellationToken cancellationToken);

    /// <summary>All invitations that nobody has taken.</summary>
    ValueTask<IReadOnlyList<Invitation>> ListInvitationsAsync(CancellationToken cancellationToken);

    /// <returns>False when there is no such invitation.</returns>
    ValueTask<bool> RemoveInvitationAsync(string digest, CancellationToken cancellationToken);
}

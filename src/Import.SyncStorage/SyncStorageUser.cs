using Lockstep.Core.Assignments;
using Lockstep.Core.Time;

namespace Lockstep.Import.SyncStorage;

/// <summary>A row of the table <c>users</c>.</summary>
/// <param name="Uid">The number of the storage there.</param>
/// <param name="Email">The user's id at the account server, an at sign, and that server's name.</param>
/// <param name="Keys">Their keys; the fingerprint is <c>client_state</c>.</param>
/// <param name="Created">When the row was made.</param>
/// <param name="IsReplaced">Whether another row took its place.</param>
/// <param name="Node">The URL of the node; empty for a node that no longer exists.</param>
public sealed record SyncStorageUser(long Uid, string Email, UserKeys Keys, ServerTimestamp Created, bool IsReplaced, string Node);

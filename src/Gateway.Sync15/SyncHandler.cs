using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync15;

/// <summary>Serves one method of a resource.</summary>
internal delegate ValueTask<Answer> SyncHandler(SyncHandlers sync, SyncRequest request, CancellationToken cancellationToken);

using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Serves one method of a resource.</summary>
internal delegate ValueTask<Answer> StorageHandler(StorageHandlers storage, StorageRequest request, CancellationToken cancellationToken);

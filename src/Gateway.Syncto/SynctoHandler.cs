namespace Lockstep.Gateway.Syncto;

/// <summary>Serves one method of a resource, alone or as a part of a batch.</summary>
internal delegate ValueTask<SynctoResponse> SynctoHandler(SynctoHandlers syncto, SynctoRequest request, CancellationToken cancellationToken);

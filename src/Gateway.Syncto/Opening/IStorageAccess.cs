using Lockstep.Gateway.Syncto.Storage;

namespace Lockstep.Gateway.Syncto.Opening;

/// <summary>From credentials to a user's storage: this server's, or another's.</summary>
internal interface IStorageAccess
{
    /// <returns>The one or the other.</returns>
    ValueTask<(ISyncStorage? Storage, SynctoResponse? Error)> OpenAsync(SynctoRequest request, Credentials credentials, CancellationToken cancellationToken);

    /// <summary>Whether storages can be opened now.</summary>
    ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken);
}

using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Pairing;

/// <summary>Serves one method of a resource.</summary>
internal delegate ValueTask<Answer> PairingHandler(PairingHandlers pairing, PairingRequest request, CancellationToken cancellationToken);

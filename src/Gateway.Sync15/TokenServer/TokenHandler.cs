using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Serves one method of a resource.</summary>
internal delegate ValueTask<Answer> TokenHandler(TokenHandlers handlers, ProtocolRequest request, CancellationToken cancellationToken);

using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Pages;

/// <summary>Serves one method of a resource.</summary>
internal delegate Answer PageHandler(PageProtocol pages, ProtocolRequest request);

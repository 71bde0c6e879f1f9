using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console;

/// <summary>Serves one method of a resource.</summary>
internal delegate ValueTask<Answer> ConsoleHandler(ConsoleHandlers handlers, ConsoleRequest request, CancellationToken cancellationToken);

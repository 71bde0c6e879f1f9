using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Tests.Notes;

internal delegate ValueTask<Answer> NotesHandler(NotesProtocol notes, ProtocolRequest request, CancellationToken cancellationToken);

using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>Serves one method of a resource.</summary>
internal delegate ValueTask<Answer> UserHandler(UserHandlers users, UserRequest request, CancellationToken cancellationToken);

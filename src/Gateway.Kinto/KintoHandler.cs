namespace Lockstep.Gateway.Kinto;

/// <summary>Handles one method of a resource.</summary>
/// <param name="kinto">The services of the handlers.</param>
/// <param name="request">An admitted request, from HTTP or from a batch.</param>
internal delegate KintoPlan KintoHandler(KintoHandlers kinto, KintoRequest request);

namespace Lockstep.Gateway.Kinto;

/// <summary>What one method of a resource does.</summary>
/// <param name="kinto">What there is to do it with.</param>
/// <param name="request">A request that may come in, of HTTP or of a batch.</param>
internal delegate KintoPlan KintoHandler(KintoHandlers kinto, KintoRequest request);

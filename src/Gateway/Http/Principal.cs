namespace Lockstep.Gateway.Http;

/// <summary>Who signed in.</summary>
/// <param name="Id">With its scheme: <c>account:alice</c>.</param>
/// <param name="Account">The account's name.</param>
/// <param name="DefaultBucket">Id of the bucket that is theirs alone.</param>
public sealed record Principal(string Id, string Account, string DefaultBucket);

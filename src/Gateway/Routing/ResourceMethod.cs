namespace Lockstep.Gateway.Routing;

/// <summary>One method of a resource.</summary>
/// <typeparam name="THandler">What a protocol's handlers look like.</typeparam>
/// <param name="Name">As in requests: <c>GET</c>. Methods are case-sensitive.</param>
/// <param name="Access">Who may come in.</param>
/// <param name="Body">How the body is read.</param>
/// <param name="Handler">What is done.</param>
/// <param name="Pacing">How long it takes.</param>
public sealed record ResourceMethod<THandler>(
    string Name, Access Access, BodyKind Body, THandler Handler, Pacing Pacing = Pacing.Short);

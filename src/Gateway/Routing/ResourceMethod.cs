namespace Lockstep.Gateway.Routing;

/// <summary>One method of a resource: what the pipeline has to know of it.</summary>
/// <param name="Name">As in requests: <c>GET</c>. Methods are case-sensitive.</param>
/// <param name="Access">Who may come in.</param>
/// <param name="Body">How the body is read.</param>
/// <param name="Pacing">How long it takes.</param>
public abstract record ResourceMethod(string Name, Access Access, BodyKind Body, Pacing Pacing);

/// <summary>One method of a resource, with what is done.</summary>
/// <typeparam name="THandler">What a protocol's handlers look like.</typeparam>
/// <param name="Name">As in requests: <c>GET</c>. Methods are case-sensitive.</param>
/// <param name="Access">Who may come in.</param>
/// <param name="Body">How the body is read.</param>
/// <param name="Handler">What is done.</param>
/// <param name="Pacing">How long it takes.</param>
public sealed record ResourceMethod<THandler>(
    string Name, Access Access, BodyKind Body, THandler Handler, Pacing Pacing = Pacing.Short)
    : ResourceMethod(Name, Access, Body, Pacing)
{
    /// <summary>What is served instead where the client prefers an answer that goes on; the protocol says when that is. Null for nothing.</summary>
    public ResourceMethod<THandler>? AsStream { get; init; }
}

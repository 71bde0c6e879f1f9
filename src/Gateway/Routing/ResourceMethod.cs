namespace Lockstep.Gateway.Routing;

/// <summary>One method of a resource, as the pipeline needs to know it.</summary>
/// <param name="Name">As in requests: <c>GET</c>. Methods are case-sensitive.</param>
/// <param name="Access">Who may use it.</param>
/// <param name="Body">How the body is read.</param>
/// <param name="Pacing">How long it takes.</param>
public abstract record ResourceMethod(string Name, Access Access, BodyKind Body, Pacing Pacing);

/// <summary>One method of a resource, with its handler.</summary>
/// <typeparam name="THandler">The type of a protocol's handlers.</typeparam>
/// <param name="Name">As in requests: <c>GET</c>. Methods are case-sensitive.</param>
/// <param name="Access">Who may use it.</param>
/// <param name="Body">How the body is read.</param>
/// <param name="Handler">The handler.</param>
/// <param name="Pacing">How long it takes.</param>
public sealed record ResourceMethod<THandler>(
    string Name, Access Access, BodyKind Body, THandler Handler, Pacing Pacing = Pacing.Short)
    : ResourceMethod(Name, Access, Body, Pacing)
{
    /// <summary>The stream that is served instead if the client prefers one; the protocol decides when. Null for none.</summary>
    public ResourceMethod<THandler>? AsStream { get; init; }
}

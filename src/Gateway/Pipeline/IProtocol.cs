using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Pipeline;

/// <summary>
/// Defines a protocol: its prefixes, its resources, its ways to sign in, and the shape of its answers. The pipeline does the rest, which is
/// the same for all protocols.
/// </summary>
/// <typeparam name="THandler">The type of the protocol's handlers.</typeparam>
public interface IProtocol<THandler>
{
    /// <summary>For logs: <c>Kinto</c>.</summary>
    string Name { get; }

    /// <summary>The path prefixes that belong to it, each with a leading slash and no trailing one: <c>/v1</c>.</summary>
    IReadOnlyList<string> Prefixes { get; }

    ResourceTable<THandler> Resources { get; }

    IReadOnlyList<IAuthenticationScheme> Schemes { get; }

    /// <summary>Whether it also answers paths that are under no protocol's prefix. One protocol of a server does.</summary>
    bool AnswersUnknownPaths => false;

    /// <summary>
    /// Whether a request under one of its prefixes is for it. If not, the request goes to another protocol that answers there. So a protocol can be at the
    /// root, between the others.
    /// </summary>
    /// <param name="request">The request; null for one that the HTTP server could not read.</param>
    /// <param name="match">The resource that the path names; null for none.</param>
    bool Takes(HttpRequest? request, ResourceMatch<THandler>? match) => true;

    /// <summary>
    /// Whether another protocol may also be under one of its prefixes, and gets the requests that this one does not <see cref="Takes">take</see>.
    /// </summary>
    bool SharesPrefixes => false;

    /// <summary>Chooses the form of a method that a request's headers ask for: the method itself, or its stream.</summary>
    ResourceMethod<THandler> Choose(ResourceMethod<THandler> method, HttpRequest request) => method;

    /// <summary>The credentials of a request in the form of <c>Authorization</c>, for <see cref="Schemes"/>; null for none. Default: that header.</summary>
    string? CredentialsOf(HttpRequest request) => request.Headers.TryGetValue("Authorization", out var value) ? value.ToString() : null;

    /// <summary>Signs in a request for a stream that has no <c>Authorization</c> header, because browsers cannot send one there.</summary>
    ValueTask<SignIn> SignInToStreamAsync(ProtocolRequest request, CancellationToken cancellationToken) => new(SignIn.Anonymous);

    /// <summary>Carries out a request.</summary>
    /// <param name="method">The method, with its handler.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Cancelled when the client has gone and, for a stream, when the server stops.</param>
    ValueTask<Answer> ExecuteAsync(ResourceMethod<THandler> method, ProtocolRequest request, CancellationToken cancellationToken);

    /// <summary>The protocol's answer to a refusal by the pipeline.</summary>
    Answer Refuse(Refusal refusal);

    /// <summary>The answer to a browser's preflight.</summary>
    /// <param name="request">The <c>OPTIONS</c> request.</param>
    /// <param name="methods">The methods of the resource, as in <c>Allow</c>; null if there is none.</param>
    Answer Preflight(HttpRequest request, string? methods);

    /// <summary>An answer that precedes all others, such as a redirect or the end of the service. Null to continue.</summary>
    /// <param name="request">The request.</param>
    /// <param name="path">The path below the prefix.</param>
    /// <param name="match">The resource that the path names; null for none.</param>
    Answer? Intercept(HttpRequest request, RequestPath path, ResourceMatch<THandler>? match) => null;

    /// <summary>The answer to a path under no protocol's prefix.</summary>
    Answer RefuseUnknown(HttpRequest request) => Refuse(new Refusal.NoResource());

    /// <summary>Adds the headers that every answer of the protocol carries.</summary>
    /// <param name="request">The request; null for one that the HTTP server could not read.</param>
    /// <param name="headers">The headers of the answer.</param>
    void AddHeaders(HttpRequest? request, IHeaderDictionary headers);
}

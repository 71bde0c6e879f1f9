using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Pipeline;

/// <summary>
/// What makes a protocol: where it lies, what it serves, who may sign in how, and how its answers look. The pipeline does
/// the rest, the same for all.
/// </summary>
/// <typeparam name="THandler">What the protocol's handlers look like.</typeparam>
public interface IProtocol<THandler>
{
    /// <summary>For logs: <c>Kinto</c>.</summary>
    string Name { get; }

    /// <summary>Where it lies, each with a slash in front and none at the end: <c>/v1</c>. Everything below belongs to it.</summary>
    IReadOnlyList<string> Prefixes { get; }

    ResourceTable<THandler> Resources { get; }

    IReadOnlyList<IAuthenticationScheme> Schemes { get; }

    /// <summary>Whether it also answers paths that lie under no protocol's prefix. One protocol of a server does.</summary>
    bool AnswersUnknownPaths => false;

    /// <summary>
    /// Whether a request under one of its prefixes is for it. One that is not goes to whoever else answers there: so a protocol can lie at the
    /// root, between the others.
    /// </summary>
    /// <param name="request">The request; null for one that the HTTP server could not read.</param>
    /// <param name="match">What it names; null for nothing.</param>
    bool Takes(HttpRequest? request, ResourceMatch<THandler>? match) => true;

    /// <summary>
    /// Whether another protocol may lie under one of its prefixes too, and gets there what this one does not <see cref="Takes">take</see>.
    /// </summary>
    bool SharesPrefixes => false;

    /// <summary>Which form of a method a request asks for, by its headers: the method, or what it has for who wants a stream.</summary>
    ResourceMethod<THandler> Choose(ResourceMethod<THandler> method, HttpRequest request) => method;

    /// <summary>Who asks for a stream without an <c>Authorization</c> header, as browsers do that cannot send one.</summary>
    ValueTask<SignIn> SignInToStreamAsync(ProtocolRequest request, CancellationToken cancellationToken) => new(SignIn.Anonymous);

    /// <summary>Carries a request out.</summary>
    /// <param name="method">What was asked for, with its handler.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">The client has gone; or, of a stream, the server stops.</param>
    ValueTask<Answer> ExecuteAsync(ResourceMethod<THandler> method, ProtocolRequest request, CancellationToken cancellationToken);

    /// <summary>The answer to what the pipeline refuses, in the protocol's own shape.</summary>
    Answer Refuse(Refusal refusal);

    /// <summary>The answer to a browser that asks before it calls.</summary>
    /// <param name="request">The <c>OPTIONS</c> request.</param>
    /// <param name="methods">Of the resource, as in <c>Allow</c>; null when there is none.</param>
    Answer Preflight(HttpRequest request, string? methods);

    /// <summary>An answer that comes before all others: a redirect, or that the service is no more. Null to go on.</summary>
    /// <param name="request">The request.</param>
    /// <param name="path">Below the prefix.</param>
    /// <param name="match">What it names; null for nothing.</param>
    Answer? Intercept(HttpRequest request, RequestPath path, ResourceMatch<THandler>? match) => null;

    /// <summary>The answer to a path under no protocol's prefix.</summary>
    Answer RefuseUnknown(HttpRequest request) => Refuse(new Refusal.NoResource());

    /// <summary>Adds the headers that every answer of the protocol carries.</summary>
    /// <param name="request">The request; null for one that the HTTP server could not read.</param>
    /// <param name="headers">Of the answer.</param>
    void AddHeaders(HttpRequest? request, IHeaderDictionary headers);
}

using System.Diagnostics.CodeAnalysis;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Pipeline;

/// <summary>A protocol with the pipeline in front of it.</summary>
public interface IProtocolEndpoint
{
    string Name { get; }

    /// <summary>As of <see cref="IProtocol{THandler}.Prefixes"/>.</summary>
    IReadOnlyList<string> Prefixes { get; }

    bool AnswersUnknownPaths { get; }

    /// <summary>Whether another may lie under one of its prefixes too, which gets what this one does not take.</summary>
    bool SharesPrefixes { get; }

    /// <summary>Whether a request that the HTTP server could not read, under one of the prefixes, is for the protocol.</summary>
    /// <param name="path">Below the prefix.</param>
    bool TakesUnread(RequestPath path);

    /// <param name="context">The request.</param>
    /// <param name="prefix">The one that it came under.</param>
    /// <param name="path">Below the prefix.</param>
    /// <param name="handling">Ends when the request is answered.</param>
    /// <returns>False when the request is not for the protocol.</returns>
    bool TryHandle(HttpContext context, string prefix, RequestPath path, [NotNullWhen(true)] out Task? handling);

    /// <summary>The answer to a request that could not be read.</summary>
    /// <param name="refusal">Why.</param>
    /// <param name="headers">Get all that the answer carries.</param>
    Answer Refuse(Refusal refusal, IHeaderDictionary headers);

    /// <summary>Answers a path that lies under no protocol's prefix.</summary>
    Task HandleUnknownAsync(HttpContext context);
}

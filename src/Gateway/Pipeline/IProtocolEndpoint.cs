using System.Diagnostics.CodeAnalysis;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Pipeline;

/// <summary>A protocol with the pipeline in front of it.</summary>
public interface IProtocolEndpoint
{
    string Name { get; }

    /// <summary>See <see cref="IProtocol{THandler}.Prefixes"/>.</summary>
    IReadOnlyList<string> Prefixes { get; }

    bool AnswersUnknownPaths { get; }

    /// <summary>Whether another protocol may also be under one of its prefixes, and gets the requests that this one does not take.</summary>
    bool SharesPrefixes { get; }

    /// <summary>Whether a request that the HTTP server could not read, under one of the prefixes, is for the protocol.</summary>
    /// <param name="path">The path below the prefix.</param>
    bool TakesUnread(RequestPath path);

    /// <param name="context">The request.</param>
    /// <param name="prefix">The prefix under which it came.</param>
    /// <param name="path">The path below the prefix.</param>
    /// <param name="handling">Completes when the request is answered.</param>
    /// <returns>False when the request is not for the protocol.</returns>
    bool TryHandle(HttpContext context, string prefix, RequestPath path, [NotNullWhen(true)] out Task? handling);

    /// <summary>The answer to a request that could not be read.</summary>
    /// <param name="refusal">The reason.</param>
    /// <param name="headers">Receives all headers of the answer.</param>
    Answer Refuse(Refusal refusal, IHeaderDictionary headers);

    /// <summary>Answers a path that is under no protocol's prefix.</summary>
    Task HandleUnknownAsync(HttpContext context);
}

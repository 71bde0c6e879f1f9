using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Pipeline;

/// <summary>A protocol with the pipeline in front of it.</summary>
public interface IProtocolEndpoint
{
    string Name { get; }

    /// <summary>As of <see cref="IProtocol{THandler}.Prefixes"/>.</summary>
    IReadOnlyList<string> Prefixes { get; }

    bool AnswersUnknownPaths { get; }

    /// <param name="context">The request.</param>
    /// <param name="prefix">The one that it came under.</param>
    /// <param name="path">Below the prefix.</param>
    Task HandleAsync(HttpContext context, string prefix, RequestPath path);

    /// <summary>The answer to a request that could not be read.</summary>
    /// <param name="refusal">Why.</param>
    /// <param name="headers">Get all that the answer carries.</param>
    Answer Refuse(Refusal refusal, IHeaderDictionary headers);

    /// <summary>Answers a path that lies under no protocol's prefix.</summary>
    Task HandleUnknownAsync(HttpContext context);
}

namespace Lockstep.Gateway.Routing;

/// <summary>How long a request takes.</summary>
public enum Pacing
{
    /// <summary>As long as the work takes. A server that stops waits for the answer.</summary>
    Short,

    /// <summary>
    /// As long as the client likes. It has room of its own, so that streams do not crowd out other requests, and a server
    /// that stops ends it.
    /// </summary>
    Stream,
}

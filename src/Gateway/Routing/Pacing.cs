namespace Lockstep.Gateway.Routing;

/// <summary>How long a request takes.</summary>
public enum Pacing
{
    /// <summary>As long as the work takes. A stopping server waits for the answer.</summary>
    Short,

    /// <summary>
    /// As long as the client likes. Streams have room of their own, so that they do not crowd out other requests. A stopping server
    /// ends them.
    /// </summary>
    Stream,
}

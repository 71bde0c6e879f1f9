namespace Lockstep.Gateway.Routing;

/// <summary>Who may come in. Whether they may do what they ask for is decided behind it.</summary>
public enum Access
{
    /// <summary>Anybody; who signs in is known.</summary>
    Anonymous,

    /// <summary>Only somebody who signed in.</summary>
    SignedIn,

    /// <summary>Whoever watches over the process: nobody is signed in, no body is read, no room is needed. Answered when nothing else is.</summary>
    Probe,
}

namespace Lockstep.Gateway.Routing;

/// <summary>Who may use a resource. Whether they may do what they ask for is decided later.</summary>
public enum Access
{
    /// <summary>Anybody; users who sign in are known.</summary>
    Anonymous,

    /// <summary>Only users who have signed in.</summary>
    SignedIn,

    /// <summary>Monitoring of the process: no sign-in, no body, no room needed. Answered even when nothing else is.</summary>
    Probe,
}

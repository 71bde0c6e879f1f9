namespace Lockstep.Gateway.Sync11;

/// <summary>Who may make an account by the user API.</summary>
public enum Sync11Registration
{
    /// <summary>Nobody but whoever sends <see cref="Sync11Options.SharedSecret"/>.</summary>
    Closed,
    Open,

    /// <summary>Whoever has an invitation, and sends its code in <c>X-Weave-Secret</c>.</summary>
    Invitation,
}

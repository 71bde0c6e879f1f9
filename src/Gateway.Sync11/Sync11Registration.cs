namespace Lockstep.Gateway.Sync11;

/// <summary>Who may make an account by the user API.</summary>
public enum Sync11Registration
{
    /// <summary>Only clients that send <see cref="Sync11Options.SharedSecret"/>.</summary>
    Closed,
    Open,

    /// <summary>Anybody with an invitation, whose code is sent in <c>X-Weave-Secret</c>.</summary>
    Invitation,
}

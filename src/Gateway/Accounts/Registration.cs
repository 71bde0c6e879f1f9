namespace Lockstep.Gateway.Accounts;

/// <summary>Who may make an account over HTTP.</summary>
public enum Registration
{
    Auto,
    Open,
    Closed,
}

namespace Lockstep.Gateway.Accounts;

/// <summary>Who may make himself an account over HTTP.</summary>
public enum Registration
{
    Auto,
    Open,
    Closed,
}

namespace Lockstep.Gateway.Accounts;

/// <summary>Who may make himself an account over HTTP.</summary>
internal enum Registration
{
    Auto,
    Open,
    Closed,
}

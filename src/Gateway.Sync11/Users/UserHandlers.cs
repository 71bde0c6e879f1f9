namespace Lockstep.Gateway.Sync11.Users;

/// <summary>All that the resources are served by.</summary>
internal sealed class UserHandlers(AccountHandlers accounts, PasswordHandlers passwords)
{
    public AccountHandlers Accounts => accounts;

    public PasswordHandlers Passwords => passwords;
}

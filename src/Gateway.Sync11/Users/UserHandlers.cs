namespace Lockstep.Gateway.Sync11.Users;

/// <summary>The handlers of all resources.</summary>
internal sealed class UserHandlers(AccountHandlers accounts, PasswordHandlers passwords)
{
    public AccountHandlers Accounts => accounts;

    public PasswordHandlers Passwords => passwords;
}

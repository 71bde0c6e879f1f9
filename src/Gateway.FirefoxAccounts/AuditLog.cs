namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>One line for each thing that changes who may do what: for the operator, with the account's uid and no address of mail, no token and no code.</summary>
internal sealed partial class AuditLog(ILogger<AuditLog> logger)
{
    [LoggerMessage(70, LogLevel.Information, "Account {Uid}: {What}, from {Address}")]
    public partial void Done(string uid, string what, string address);

    [LoggerMessage(71, LogLevel.Information, "A wrong password for an account, from {Address}")]
    public partial void WrongPassword(string address);
}

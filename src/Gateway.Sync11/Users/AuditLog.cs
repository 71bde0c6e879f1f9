namespace Lockstep.Gateway.Sync11.Users;

/// <summary>One line for each thing that changes who may do what: for the operator, with the account's number and no name, address of mail or code.</summary>
internal sealed partial class AuditLog(ILogger<AuditLog> logger)
{
    [LoggerMessage(80, LogLevel.Information, "Account {Number} of Sync 1.1: {What}, from {Address}")]
    public partial void Done(long number, string what, string address);
}

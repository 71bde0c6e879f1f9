namespace Lockstep.Gateway.Sync11.Users;

/// <summary>Logs a line for each change of who may do what, for the operator. It has the account's number, and no name, mail address or code.</summary>
internal sealed partial class AuditLog(ILogger<AuditLog> logger)
{
    [LoggerMessage(80, LogLevel.Information, "Account {Number} of Sync 1.1: {What}, from {Address}")]
    public partial void Done(long number, string what, string address);
}

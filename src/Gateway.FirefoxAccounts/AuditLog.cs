using Lockstep.Gateway.Audit;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>
/// Writes a line for each change of who may do what, to the server's log, and to the audit log if that is on. Lines name the account by its uid. They contain
/// no mail address, token or code.
/// </summary>
internal sealed partial class AuditLog(ILogger<AuditLog> logger, AuditTrail trail)
{
    public void Done(string uid, AuditEvent what, AccountRequest request)
    {
        LogDone(uid, what.Name, request.Address);
        Write(what, request, uid);
    }

    public void WrongPassword(AccountRequest request)
    {
        LogWrongPassword(request.Address);
        Write(AuditEvents.WrongPassword, request, uid: null);
    }

    private void Write(AuditEvent what, AccountRequest request, string? uid)
    {
        if (trail.IsOn)
        {
            trail.Write(what, AuditSource.OfResource(request.Inner.Http.Request, uid));
        }
    }

    [LoggerMessage(70, LogLevel.Information, "Account {Uid}: {What}, from {Address}")]
    private partial void LogDone(string uid, string what, string address);

    [LoggerMessage(71, LogLevel.Information, "A wrong password for an account, from {Address}")]
    private partial void LogWrongPassword(string address);
}

using Lockstep.Gateway.Audit;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>
/// One line for each thing that changes who may do what: for the operator, with the account's uid and no address of mail, no token and no code. In the server's own log, and in the audit log where that is on.
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

using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Administration.AuditLog;

/// <summary><c>/audit</c>: the newest events of the audit log in this process, the newest first.</summary>
internal sealed class AuditHandlers(RecentEvents events)
{
    public Answer Show() => AdministrationAnswers.Of(new
    {
        process = $"{Environment.MachineName}:{Environment.ProcessId}",
        kept = events.Most,
        events = events.Read().Select(static one => new
        {
            at = one.At.ToUnixTimeMilliseconds(),
            signature = one.What.Signature,
            name = one.What.Name,
            severity = one.What.Severity,
            user = one.Source.User,
            method = one.Source.Method,
            path = one.Source.Path,
            address = one.Source.Address?.ToString(),
            agent = one.Source.Agent,
        }),
    });
}

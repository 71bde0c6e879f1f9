using Lockstep.Gateway.Console.Administration;
using Lockstep.Gateway.Console.Administrators;
using Lockstep.Gateway.Console.Invitations;
using Lockstep.Gateway.Console.Own;
using Lockstep.Gateway.Console.Sessions;

namespace Lockstep.Gateway.Console;

/// <summary>All handlers of the console.</summary>
internal sealed class ConsoleHandlers(
    SessionHandlers sessions, FirstAdministratorHandlers first, InvitedHandlers invited, UsageHandlers usage, BucketHandlers buckets, RecordHandlers records, ExportHandlers exports, AccountHandlers account, AdministrationHandlers administration)
{
    public SessionHandlers Sessions => sessions;

    public FirstAdministratorHandlers First => first;

    public InvitedHandlers Invited => invited;

    public UsageHandlers Usage => usage;

    public BucketHandlers Buckets => buckets;

    public RecordHandlers Records => records;

    public ExportHandlers Exports => exports;

    public AccountHandlers Account => account;

    public AdministrationHandlers Administration => administration;
}

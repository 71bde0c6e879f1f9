using Lockstep.Gateway.Console.Administration.Accounts;
using Lockstep.Gateway.Console.Administration.AuditLog;
using Lockstep.Gateway.Console.Administration.Buckets;
using Lockstep.Gateway.Console.Administration.Figures;
using Lockstep.Gateway.Console.Administration.Health;
using Lockstep.Gateway.Console.Administration.Invitations;
using Lockstep.Gateway.Console.Administration.Settings;

namespace Lockstep.Gateway.Console.Administration;

/// <summary>The handlers of administrators' resources.</summary>
internal sealed class AdministrationHandlers(
    SettingHandlers settings, FigureHandlers figures, HealthHandlers health, AccountHandlers accounts, AccountStateHandlers states, AccountQuotaHandlers quotas, InvitationHandlers invitations, BucketHandlers buckets, AuditHandlers audit)
{
    public SettingHandlers Settings => settings;

    public FigureHandlers Figures => figures;

    public HealthHandlers Health => health;

    public AccountHandlers Accounts => accounts;

    public AccountStateHandlers States => states;

    public AccountQuotaHandlers Quotas => quotas;

    public InvitationHandlers Invitations => invitations;

    public BucketHandlers Buckets => buckets;

    public AuditHandlers Audit => audit;
}

using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Console;

/// <summary>Settings of the console, the pages at <c>/admin/</c> and the page at <c>/</c>.</summary>
public sealed record ConsoleOptions
{
    /// <summary>Whether it is served. Default: true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>How long a sign-in lasts. Default: 12 hours.</summary>
    [Bounds(BoundsAttribute.Minute, BoundsAttribute.Year)]
    public TimeSpan SessionTime { get; init; } = TimeSpan.FromHours(12);

    /// <summary>Sign-ins of one account at a time; one more ends the oldest. Default: 20.</summary>
    [Bounds(1, 1000)]
    public int MaxSessions { get; init; } = 20;

    /// <summary>How long a link that makes the first administrator is valid. Default: 1 hour.</summary>
    [Bounds(BoundsAttribute.Minute)]
    public TimeSpan LinkTime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long an invitation to an account is valid. Default: 7 days.</summary>
    [Bounds(BoundsAttribute.Minute, BoundsAttribute.Year)]
    public TimeSpan InvitationTime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Events of the audit log that each process keeps in memory for administrators to see; more than this forget the oldest. Default: 1,000.</summary>
    [Bounds(0, 10_000)]
    public int AuditEvents { get; init; } = 1_000;
}

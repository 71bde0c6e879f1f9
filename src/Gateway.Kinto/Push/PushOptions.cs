using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>Push notices (RFC 8030) to apps that are not connected.</summary>
public sealed record PushOptions
{
    private const double LongestTimeToLive = 28 * 86_400;

    /// <summary>Hosts of push services, separated by commas: <c>updates.push.services.mozilla.com, fcm.googleapis.com</c>. Hosts below them are included. Default: none, and there is no push.</summary>
    public string Hosts { get; init; } = "";

    /// <summary>Where push services reach the operator: a <c>mailto:</c> or <c>https:</c> URL (RFC 8292, 2.1). Default: none; with <see cref="Hosts"/> it is required.</summary>
    public string? Subject { get; init; }

    /// <summary>Subscriptions that a user can have. Default: 100.</summary>
    [Bounds(1)]
    public int MaxSubscriptions { get; init; } = 100;

    /// <summary>How often the buckets that have changed are looked at, all changes since the last time together. Default: 2 seconds.</summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan MergeTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The least time between two notices for one subscription. Default: 1 minute.</summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a push service keeps a notice for a device that is off. Default: 1 day.</summary>
    [Bounds(0, LongestTimeToLive)]
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long a push service may take to answer. Default: 10 seconds.</summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a notice is tried. Default: 5.</summary>
    [Bounds(1)]
    public int Tries { get; init; } = 5;

    /// <summary>Notices that a process sends at the same time. Default: 16.</summary>
    [Bounds(1)]
    public int MaxAtOnce { get; init; } = 16;

    /// <summary>Changed buckets that a process remembers until it looks at them. Changes of more are not told. Default: 100,000.</summary>
    [Bounds(1)]
    public int MaxBuckets { get; init; } = 100_000;

    /// <summary>Collections of a bucket that a subscription to all of it covers. Default: 100.</summary>
    [Bounds(1)]
    public int MaxCollections { get; init; } = 100;

    /// <summary>How long a subscription is kept that its app does not put again. Default: 90 days.</summary>
    [Bounds(BoundsAttribute.Minute, BoundsAttribute.Year)]
    public TimeSpan KeepTime { get; init; } = TimeSpan.FromDays(90);

    /// <summary>Whether there is push.</summary>
    public bool IsOn => HostNames.Count > 0;

    internal IReadOnlyList<string> HostNames => Hosts.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <param name="setting">Its name: <c>Kinto:Push</c>.</param>
    /// <returns>What is wrong, and the fix.</returns>
    internal IEnumerable<string> Problems(string setting)
    {
        foreach (var host in HostNames.Where(static host => Uri.CheckHostName(host) != UriHostNameType.Dns || !host.Trim('.').Contains('.', StringComparison.Ordinal) || host[0] == '.' || host[^1] == '.'))
        {
            yield return $"{setting}:Hosts has '{host}', which is no name of a host on the Internet. Use names like fcm.googleapis.com, with commas between.";
        }

        if (IsOn && !(Uri.TryCreate(Subject, UriKind.Absolute, out var subject) && subject.Scheme is "mailto" or "https"))
        {
            yield return $"{setting}:Subject is '{Subject}'. Push services want to know whom to ask; use something like mailto:admin@example.org.";
        }
    }
}

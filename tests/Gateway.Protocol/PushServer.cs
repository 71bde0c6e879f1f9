using Lockstep.Gateway.Kinto.Push;

namespace Lockstep.Gateway.Protocol;

/// <summary>A server that has push, and does not look at changes by itself before a day is over.</summary>
public sealed class PushServer() : KintoServer(static options => options with { Kinto = options.Kinto with { Push = Push } })
{
    public const int Most = 5;

    internal static PushOptions Push { get; } = new() { Hosts = $"{PushApp.Host}, push.example.net", Subject = "mailto:admin@example.org", MaxSubscriptions = Most, MergeTime = TimeSpan.FromDays(1) };
}

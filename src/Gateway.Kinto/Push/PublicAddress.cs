using System.Net;
using System.Net.Sockets;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>Tells addresses of the Internet from those of this machine, of its networks, and of no machine.</summary>
internal static class PublicAddress
{
    // IANA's registries of special-purpose addresses (RFC 6890), as far as they are not globally reachable, with multicast.
    private static readonly IPNetwork[] Special =
    [
        .. Networks(
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        .. Networks("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    ];

    // All that is routed lies here: so neither loopback, link-local, unique local and multicast addresses, nor what has an IPv4 address in it.
    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3");

    // RFC 6052: the IPv4 address is in the last four bytes.
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return IsPublic(address.MapToIPv4());
        }

        if (address.AddressFamily == AddressFamily.InterNetworkV6 && Nat64.Contains(address))
        {
            return IsPublic(new IPAddress(address.GetAddressBytes().AsSpan(12)));
        }

        return (address.AddressFamily == AddressFamily.InterNetwork || (address.AddressFamily == AddressFamily.InterNetworkV6 && Global.Contains(address)))
            && !Array.Exists(Special, network => network.Contains(address));
    }

    private static IPNetwork[] Networks(params string[] texts) => Array.ConvertAll(texts, static text => IPNetwork.Parse(text));
}

using System.Net;
using System.Net.Sockets;

namespace Lockstep.Gateway.Http;

/// <summary>Identifies the client that a request comes from.</summary>
public static class ClientAddress
{
    /// <param name="address">Null for a Unix socket.</param>
    /// <returns>The network of an IPv6 address, since one client has all of it; otherwise the address.</returns>
    public static string Of(IPAddress? address)
    {
        if (address is not { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false })
        {
            return address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4().ToString() : address?.ToString() ?? "local";
        }

        return Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8));
    }
}

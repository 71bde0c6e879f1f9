using System.Net;
using System.Net.Sockets;

namespace Lockstep.Gateway.Http;

/// <summary>Where a request comes from, as one party.</summary>
public static class ClientAddress
{
    /// <param name="address">Null for a socket of this machine.</param>
    /// <returns>Of an IPv6 address the network, which one person has whole; else the address.</returns>
    public static string Of(IPAddress? address)
    {
        if (address is not { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false })
        {
            return address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4().ToString() : address?.ToString() ?? "local";
        }

        return Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8));
    }
}

using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Network;

/// <summary>
/// Each silo in a network namespace of its own, on a bridge that leads nowhere else (addresses of RFC 2544, for tests). Silos
/// are cut off from each other by a wrong hardware address: what they send is lost, as on a broken cable, while what the test
/// and the gateways have with both goes on.
/// </summary>
internal sealed class NetworkNamespaces : IClusterNetwork
{
    private const string NobodysHardwareAddress = "02:00:00:00:00:fe";
    private readonly string id = $"ls{Random.Shared.Next(0x1000, 0xffff):x}";
    private readonly string subnet = $"198.{Random.Shared.Next(18, 20)}.{Random.Shared.Next(1, 255)}";
    private readonly int silos;

    private NetworkNamespaces(int silos) => this.silos = silos;

    public string TestAddress => $"{subnet}.1";

    public string? CannotCut => null;

    /// <returns>Namespaces, or where the machine does not allow them, one loopback for all that says why.</returns>
    public static async Task<IClusterNetwork> CreateAsync(int silos)
    {
        var network = new NetworkNamespaces(silos);
        try
        {
            await network.MakeAsync();
            return network;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            await network.DisposeAsync();
            return new SharedLoopback($"network namespaces cannot be made here, which takes root and iproute2: {e.Message}");
        }
    }

    public string AddressOf(int silo) => $"{subnet}.{11 + silo}";

    public IReadOnlyList<string> CommandOf(int silo) => ["ip", "netns", "exec", NameOf(silo)];

    public async Task CutAsync(int one, int other)
    {
        await IpAsync("-n", NameOf(one), "neigh", "replace", AddressOf(other), "lladdr", NobodysHardwareAddress, "dev", "eth0", "nud", "permanent");
        await IpAsync("-n", NameOf(other), "neigh", "replace", AddressOf(one), "lladdr", NobodysHardwareAddress, "dev", "eth0", "nud", "permanent");
    }

    public async Task JoinAsync(int one, int other)
    {
        await IpAsync("-n", NameOf(one), "neigh", "del", AddressOf(other), "dev", "eth0");
        await IpAsync("-n", NameOf(other), "neigh", "del", AddressOf(one), "dev", "eth0");
    }

    public async ValueTask DisposeAsync()
    {
        for (var silo = 0; silo < silos; silo++)
        {
            await TryIpAsync("link", "del", $"{id}v{silo}");
            await TryIpAsync("netns", "del", NameOf(silo));
        }

        await TryIpAsync("link", "del", id);
    }

    private static async Task IpAsync(params string[] arguments)
    {
        if (await TryIpAsync(arguments) is { } problem)
        {
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {problem}");
        }
    }

    /// <returns>What it said when it failed; null when it did not, or when there is no such program.</returns>
    private static async Task<string?> TryIpAsync(params string[] arguments)
    {
        using var ip = new ProgramProcess(["ip", .. arguments]);
        return await ip.EndAsync() == 0 ? null : ip.Output;
    }

    private string NameOf(int silo) => $"{id}n{silo}";

    private async Task MakeAsync()
    {
        await IpAsync("link", "add", id, "type", "bridge");
        await IpAsync("addr", "add", $"{TestAddress}/24", "dev", id);
        await IpAsync("link", "set", id, "up");
        for (var silo = 0; silo < silos; silo++)
        {
            await IpAsync("netns", "add", NameOf(silo));
            await IpAsync("link", "add", $"{id}v{silo}", "type", "veth", "peer", "name", "eth0", "netns", NameOf(silo));
            await IpAsync("link", "set", $"{id}v{silo}", "master", id, "up");
            await IpAsync("-n", NameOf(silo), "addr", "add", $"{AddressOf(silo)}/24", "dev", "eth0");
            await IpAsync("-n", NameOf(silo), "link", "set", "eth0", "up");
            await IpAsync("-n", NameOf(silo), "link", "set", "lo", "up");
        }
    }
}

using Lockstep.Cluster.Tests;
using Lockstep.Core.Storage;
using Lockstep.Silo.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Lockstep.Gateway.Protocol;

/// <summary>What serves the protocol in these tests: here a cluster of a gateway and silos.</summary>
internal sealed class KintoHost : IAsyncDisposable
{
    private static readonly IConfiguration Quiet = new ConfigurationBuilder().AddInMemoryCollection(LogWatch.Settings).Build();

    private readonly Members members;
    private readonly WebApplication gateway;

    private KintoHost(Members members, WebApplication gateway, IReadOnlyList<IServiceProvider> silos)
    {
        this.members = members;
        this.gateway = gateway;
        SiloServices = silos;
    }

    public Uri Address => new(gateway.Urls.First());

    public IServiceProvider Services => gateway.Services;

    public IReadOnlyList<IServiceProvider> SiloServices { get; }

    /// <param name="options">Its settings, with a database that nobody else uses.</param>
    /// <param name="time">The gateway's clock.</param>
    /// <param name="decorate">Wraps the bucket store of the silo, which is one then; null for none.</param>
    /// <param name="silos">How many there are.</param>
    public static async Task<KintoHost> StartAsync(LockstepOptions options, TimeProvider time, Func<IBucketStore, IBucketStore>? decorate, int silos)
    {
        var cluster = new Members();
        try
        {
            var started = new List<IServiceProvider>();

            // Faults are put into the store of whoever owns the bucket: then there is one silo. Silos would take each other for
            // dead by a clock that stands still.
            for (var missing = decorate is null ? silos : 1; missing > 0; missing--)
            {
                started.Add((await cluster.AddAsync(options with { Role = ServerRole.Silo }, TimeProvider.System, decorate)).Services);
            }

            return new KintoHost(cluster, await cluster.AddAsync(options with { Role = ServerRole.Gateway }, time, configuration: Quiet), started);
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>One more gateway of the cluster.</summary>
    public async Task<Uri> AddGatewayAsync(LockstepOptions options, TimeProvider time) =>
        new((await members.AddAsync(options with { Role = ServerRole.Gateway }, time, configuration: Quiet)).Urls.First());

    public ValueTask DisposeAsync() => members.DisposeAsync();
}

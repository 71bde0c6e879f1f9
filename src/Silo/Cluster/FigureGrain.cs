using System.Text.Json;
using Lockstep.Gateway.Console.Administration.Figures;
using Lockstep.Grains;
using Orleans.Placement;

namespace Lockstep.Silo.Cluster;

/// <inheritdoc cref="IFigureGrain"/>
/// <remarks>The caller hints at the silo. If the hint cannot be followed, because that silo is gone, another silo has the grain and returns nothing.</remarks>
[RandomPlacement]
internal sealed class FigureGrain(ILocalSiloDetails silo, IServiceProvider services) : Grain, IFigureGrain
{
    public Task<byte[]?> ReadAsync()
    {
        if (this.GetPrimaryKeyString() != silo.SiloAddress.ToParsableString())
        {
            DeactivateOnIdle();
            return Task.FromResult<byte[]?>(null);
        }

        return Task.FromResult(services.GetService<LiveFigures>() is { } figures ? JsonSerializer.SerializeToUtf8Bytes(figures.Read(), JsonSerializerOptions.Web) : null);
    }
}

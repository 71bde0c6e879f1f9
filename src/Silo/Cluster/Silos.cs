using System.Text.Json;
using Lockstep.Gateway.Console.Administration.Cluster;
using Lockstep.Gateway.Console.Administration.Figures;
using Lockstep.Grains;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Lockstep.Silo.Cluster;

/// <summary>Asks Orleans for the members, and each active silo for its figures. Silos of a version without figures are listed without them.</summary>
/// <param name="grains">Leads to every silo.</param>
/// <param name="joined">Whether this process has joined.</param>
/// <param name="time">The clock.</param>
/// <param name="own">The silo in this process; null in a gateway.</param>
internal sealed class Silos(IGrainFactory grains, Joined joined, TimeProvider time, ILocalSiloDetails? own = null) : ISilos
{
    // Silos that have gone stay in the table for a while.
    private const int Most = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public async ValueTask<IReadOnlyList<SiloState>?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!joined.Task.IsCompletedSuccessfully)
        {
            return null;
        }

        try
        {
            var members = await grains.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: false, CancellationToken.None).WaitAsync(Patience, time, cancellationToken);
            var shown = members.OrderByDescending(static member => member.Status is SiloStatus.Active).ThenByDescending(static member => member.StartTime).Take(Most);
            return await Task.WhenAll(shown.OrderByDescending(static member => member.StartTime).Select(member => AskAsync(member, cancellationToken)));
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Whatever the fault, the page says that the cluster does not answer.
            return null;
        }
    }

    private static long Milliseconds(DateTime utc) => new DateTimeOffset(DateTime.SpecifyKind(utc, DateTimeKind.Utc)).ToUnixTimeMilliseconds();

    private async Task<SiloState> AskAsync(MembershipEntry member, CancellationToken cancellationToken)
    {
        var figures = member.Status is SiloStatus.Active ? await FiguresAsync(member.SiloAddress, cancellationToken) : null;
        return new(
            member.SiloName, $"{member.SiloAddress.Endpoint}@{member.SiloAddress.Generation}", $"{member.Status}", member.SiloAddress.Equals(own?.SiloAddress),
            Milliseconds(member.StartTime), Milliseconds(member.IAmAliveTime), figures);
    }

    private async Task<FigureReport?> FiguresAsync(SiloAddress silo, CancellationToken cancellationToken)
    {
        try
        {
            RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
            var report = grains.GetGrain<IFigureGrain>(silo.ToParsableString()).ReadAsync();
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
            return await report.WaitAsync(Patience, time, cancellationToken) is { } json ? JsonSerializer.Deserialize<FigureReport>(json, JsonSerializerOptions.Web) : null;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // It does not answer, or is of a version that has no figures.
            return null;
        }
    }
}

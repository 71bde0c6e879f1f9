using Lockstep.Gateway.Console.Administration.Cluster;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Administration.Figures;

/// <summary><c>/figures</c>: what the process that answers has measured, and what each silo has.</summary>
internal sealed class FigureHandlers(LiveFigures figures, ISilos silos)
{
    public async ValueTask<Answer> ShowAsync(CancellationToken cancellationToken) =>
        AdministrationAnswers.Of(new { own = figures.Read(), silos = await silos.ReadAsync(cancellationToken) });
}

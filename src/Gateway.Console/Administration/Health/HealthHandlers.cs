using Lockstep.Core.Storage;
using Lockstep.Gateway.Console.Administration.Cluster;
using Lockstep.Gateway.Health;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Administration.Health;

/// <summary><c>/health</c>: each database and each silo, as the process that answers finds them.</summary>
internal sealed class HealthHandlers(IEnumerable<IDatabaseProbe> databases, StorageCheck storage, ISilos silos, Drain drain)
{
    public async ValueTask<Answer> ShowAsync(CancellationToken cancellationToken)
    {
        var members = silos.ReadAsync(cancellationToken).AsTask();
        var looks = await Task.WhenAll(databases.Select(database => database.LookAsync(cancellationToken).AsTask()));
        return AdministrationAnswers.Of(new
        {
            process = $"{Environment.MachineName}:{Environment.ProcessId}",
            version = ServerVersion.Version,
            isReady = !drain.IsDraining && await storage.IsHealthyAsync(cancellationToken),
            databases = looks.Select(static look => new
            {
                look.Name,
                isReachable = look.Latency is not null,
                milliseconds = look.Latency is { } latency ? Math.Round(latency.TotalMilliseconds, 2) : (double?)null,
                look.Schema,
                look.KnownSchema,
                look.IsLeaseHeld,
                look.Shards,
            }),
            silos = (await members)?.Select(static silo => new
            {
                silo.Name,
                silo.Address,
                silo.Status,
                silo.IsOwn,
                silo.Since,
                silo.Seen,
                version = silo.Figures?.Version,
                activations = silo.Figures?.Last("activations"),
                heads = silo.Figures?.Last("heads"),
            }),
        });
    }
}

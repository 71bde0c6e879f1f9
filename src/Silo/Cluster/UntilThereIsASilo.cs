using Lockstep.Silo.Hosting;
using Orleans.Runtime;

namespace Lockstep.Silo.Cluster;

/// <summary>A gateway that starts before there is a silo waits for one, and says so.</summary>
internal sealed partial class UntilThereIsASilo(LockstepOptions options, TimeProvider time, ILogger<UntilThereIsASilo> logger) : IClientConnectionRetryFilter
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private int tries;

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (tries++ % 10 == 0)
        {
            LogWaiting(options.Cluster.Id, exception.Message);
        }

        await Task.Delay(Pause, time, cancellationToken);
        return true;
    }

    [LoggerMessage(35, LogLevel.Warning, "No silo of cluster {Cluster} can be reached yet, and requests are answered 503 until one can. Check that a silo is running and that this process reaches its Cluster:Address and Cluster:GatewayPort: {Reason}")]
    private partial void LogWaiting(string cluster, string reason);
}

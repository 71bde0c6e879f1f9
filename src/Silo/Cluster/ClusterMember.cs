namespace Lockstep.Silo.Cluster;

/// <summary>
/// Joins the cluster once everything else of this process has started, HTTP above all: a process that cannot serve does not
/// disturb the others, and one that waits to join can be asked for its health. Leaves when HTTP has stopped.
/// </summary>
/// <param name="orleans">The silo, or the client of one.</param>
/// <param name="joined">Told when it has joined.</param>
/// <param name="checks">What must hold before.</param>
internal sealed class ClusterMember(IHostedService orleans, Joined joined, IEnumerable<IJoinCheck> checks) : IHostedLifecycleService
{
    /// <summary>Takes the place of the service that Orleans registers, which would start before HTTP.</summary>
    /// <param name="services">All services.</param>
    /// <param name="addOrleans">Registers Orleans'.</param>
    public static void Add(IServiceCollection services, Action addOrleans)
    {
        var before = services.ToHashSet();
        addOrleans();
        var own = services.Single(service => service.ServiceType == typeof(IHostedService) && !before.Contains(service));
        services[services.IndexOf(own)] = ServiceDescriptor.Singleton<IHostedService>(provider => new ClusterMember(
            (IHostedService)(own.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, own.ImplementationType!)),
            provider.GetRequiredService<Joined>(),
            provider.GetServices<IJoinCheck>()));
        services.AddSingleton<Joined>();
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (var check in checks)
        {
            await check.RunAsync(cancellationToken);
        }

        // Orleans does not give up while it waits for others: a silo that takes connections and says nothing holds it up for minutes.
        await orleans.StartAsync(cancellationToken).WaitAsync(cancellationToken);
        joined.Set();
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => joined.Task.IsCompleted ? orleans.StopAsync(cancellationToken) : Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

namespace Lockstep.Silo.Cluster;

/// <summary>
/// Joins the cluster once everything else in this process has started, HTTP above all. So a process that cannot serve does not disturb the others, and one that waits to
/// join can be asked for its health. It leaves when HTTP has stopped.
/// </summary>
/// <param name="orleans">The silo, or the client of one.</param>
/// <param name="joined">Completed when it has joined.</param>
/// <param name="checks">What must hold before it joins.</param>
internal sealed class ClusterMember(IHostedService orleans, Joined joined, IEnumerable<IJoinCheck> checks) : IHostedLifecycleService
{
    /// <summary>Replaces the service that Orleans registers, which would start before HTTP.</summary>
    /// <param name="services">All services.</param>
    /// <param name="addOrleans">Registers the services of Orleans.</param>
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

        // Orleans does not give up while it waits for others: a silo that accepts connections and does not answer would hold it up for minutes.
        await orleans.StartAsync(cancellationToken).WaitAsync(cancellationToken);
        joined.Set();
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => joined.Task.IsCompleted ? orleans.StopAsync(cancellationToken) : Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

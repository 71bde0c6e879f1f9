namespace Lockstep.Silo.Cluster;

/// <summary>Something that must hold before this process joins the cluster.</summary>
internal interface IJoinCheck
{
    /// <exception cref="Hosting.SettingsException">It does not; the message says what to do.</exception>
    Task RunAsync(CancellationToken cancellationToken);
}

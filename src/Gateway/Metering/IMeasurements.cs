namespace Lockstep.Gateway.Metering;

/// <summary>What this process measures, as protocols show it. Telemetry has it where somebody wants it.</summary>
public interface IMeasurements
{
    /// <returns>All of it as it is now, in Prometheus' text format 0.0.4, as UTF-8.</returns>
    byte[] Read();
}

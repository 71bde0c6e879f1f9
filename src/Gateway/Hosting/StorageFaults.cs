namespace Lockstep.Gateway.Hosting;

/// <summary>Carries the store's faults to the log, which is made after the store.</summary>
internal sealed partial class StorageFaults
{
    private volatile ILogger? logger;

    public ILogger? Logger
    {
        get => logger;
        set => logger = value;
    }

    public void Report(Exception fault)
    {
        if (logger is { } log)
        {
            LogFault(log, fault);
        }
    }

    [LoggerMessage(21, LogLevel.Error, "The storage did not do something. Clients whose requests it concerned were told so; look at its room, its rights and whether it runs.")]
    private static partial void LogFault(ILogger logger, Exception fault);
}

namespace Lockstep.Silo.Hosting;

/// <summary>Carries faults that no caller is told to the log.</summary>
internal sealed partial class OwnerFaults(ILogger<OwnerFaults> logger)
{
    public void Report(Exception fault) => LogFault(fault);

    [LoggerMessage(22, LogLevel.Error, "A fault in the program. If it made it unknown whether some writes were stored, their callers were told so, and the bucket is read again. Please report it with the exception.")]
    private partial void LogFault(Exception exception);
}

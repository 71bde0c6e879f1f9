namespace Lockstep.Gateway.Sync11.Pairing;

/// <summary>Logs a line for each failed pairing.</summary>
internal sealed partial class ReportLog(ILogger<ReportLog> logger)
{
    private const string Prefix = "jpake.error.";
    private const int MaxLength = 40;

    /// <param name="reason">The client's reason. A text that clients do not use is left out, since anybody can send anything.</param>
    public void Failed(string reason) => LogFailed(
        reason.Length <= MaxLength && reason.StartsWith(Prefix, StringComparison.Ordinal) && reason[Prefix.Length..].All(char.IsAsciiLetterLower) ? reason[Prefix.Length..] : "unknown");

    [LoggerMessage(88, LogLevel.Information, "A device could not be paired by Easy Setup: {Reason}")]
    private partial void LogFailed(string reason);
}

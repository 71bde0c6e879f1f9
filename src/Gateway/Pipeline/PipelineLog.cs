namespace Lockstep.Gateway.Pipeline;

internal static partial class PipelineLog
{
    [LoggerMessage(1, LogLevel.Error, "A {Method} request failed.")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string method);

    [LoggerMessage(2, LogLevel.Warning, "The storage did not answer.")]
    public static partial void StoreUnavailable(this ILogger logger, Exception exception);
}

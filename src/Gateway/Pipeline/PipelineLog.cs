namespace Lockstep.Gateway.Pipeline;

/// <summary>The pipeline's lines in the log.</summary>
internal static partial class PipelineLog
{
    [LoggerMessage(1, LogLevel.Error, "A {Method} request failed and was answered 500. The exception says why: a fault in the program, which should be reported, or a stop that cut the request off.")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string method);

    [LoggerMessage(2, LogLevel.Warning, "The storage was not available for a request, which was answered 503. Check that the database is running and can be reached.")]
    public static partial void StoreUnavailable(this ILogger logger, Exception exception);
}

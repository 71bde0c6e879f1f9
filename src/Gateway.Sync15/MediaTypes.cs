namespace Lockstep.Gateway.Sync15;

/// <summary>Which of the two forms of lists a header selects.</summary>
internal static class MediaTypes
{
    private const string PlainText = "text/plain";

    /// <param name="contentType">The header; null for JSON.</param>
    /// <returns>JSON, also for plain text, or lines; null for anything else.</returns>
    public static string? OfBody(string? contentType) => Name(contentType ?? SyncAnswers.Json) switch
    {
        SyncAnswers.Json or PlainText => SyncAnswers.Json,
        SyncAnswers.Newlines => SyncAnswers.Newlines,
        _ => null,
    };

    /// <param name="accept">The header; null for JSON.</param>
    /// <returns>The first supported form; null when there is none.</returns>
    public static string? OfAnswer(string? accept)
    {
        foreach (var range in (accept ?? "*/*").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            switch (Name(range))
            {
                case SyncAnswers.Json or "application/*" or "*/*":
                    return SyncAnswers.Json;
                case SyncAnswers.Newlines:
                    return SyncAnswers.Newlines;
            }
        }

        return string.IsNullOrWhiteSpace(accept) ? SyncAnswers.Json : null;
    }

    private static string Name(string header) => header.Split(';')[0].Trim().ToLowerInvariant();
}

using System.Globalization;
using Lockstep.Core.Operations;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Syncto;

/// <summary>The conditions of a request, in the form of Sync. At most one is present.</summary>
/// <param name="ModifiedSince"><c>X-If-Modified-Since</c>.</param>
/// <param name="UnmodifiedSince"><c>X-If-Unmodified-Since</c>.</param>
internal sealed record Conditions(ServerTimestamp? ModifiedSince, ServerTimestamp? UnmodifiedSince)
{
    public static readonly Conditions None = new(null, null);

    /// <summary>
    /// <c>If-Match</c> and <c>If-Unmodified-Since</c>, <c>If-None-Match</c> and <c>If-Modified-Since</c>, each with an ETag's value. If both
    /// of a pair are present, the one with the ETag counts. An empty header counts as absent, so that a part of a batch can undo a default.
    /// </summary>
    /// <returns>Either the conditions or an error.</returns>
    public static (Conditions? Read, SynctoResponse? Error) Read(SynctoRequest request)
    {
        ServerTimestamp? modified = null, unmodified = null;
        if (Of(request, "If-Match", "If-Unmodified-Since") is var (strict, match))
        {
            if (!TryParse(match, out var stamp))
            {
                return (null, Bad(strict));
            }

            unmodified = stamp;
        }

        if (Of(request, "If-None-Match", "If-Modified-Since") is var (name, noneMatch))
        {
            if (name is "If-None-Match" && noneMatch is "*" or "\"*\"")
            {
                unmodified = unmodified is null ? ServerTimestamp.Zero : null;
                if (unmodified is null)
                {
                    return (null, Both);
                }
            }
            else if (TryParse(noneMatch, out var stamp))
            {
                modified = stamp;
            }
            else if (name is "If-None-Match" || !DateTimeOffset.TryParseExact(noneMatch, "R", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            {
                // Browsers add a date by themselves, with or without an ETag. Ignoring it loses nothing.
                return (null, Bad(name));
            }
        }

        return modified is not null && unmodified is not null ? (null, Both) : (new Conditions(modified, unmodified), null);
    }

    /// <param name="scope">The object whose stamp it tests.</param>
    /// <param name="isRead">Only a read can be answered with "not modified".</param>
    public Precondition Of(PreconditionScope scope, bool isRead) =>
        UnmodifiedSince is { } unmodified ? new Precondition(scope, PreconditionTest.UnmodifiedSince, unmodified)
        : ModifiedSince is { } modified && isRead ? new Precondition(scope, PreconditionTest.ModifiedSince, modified)
        : Precondition.None;

    private static SynctoResponse Both { get; } = SynctoErrors.Invalid("headers", null, "If-Match and If-None-Match cannot both be there");

    private static (string Name, string Value)? Of(SynctoRequest request, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (request.Header(name)?.Trim() is { Length: > 0 } value)
            {
                return (name, value);
            }
        }

        return null;
    }

    /// <summary>Digits in quotes. Proxies that compress make ETags weak on their way out.</summary>
    private static bool TryParse(string value, out ServerTimestamp stamp)
    {
        var text = value.AsSpan();
        text = text.StartsWith("W/", StringComparison.Ordinal) ? text[2..] : text;
        stamp = default;
        return text is ['"', .. var digits, '"'] && ServerTimestamp.TryParse(digits, out stamp) && stamp.Milliseconds < long.MaxValue;
    }

    private static SynctoResponse Bad(string header) => SynctoErrors.Invalid("headers", null, $"Invalid value for {header}");
}

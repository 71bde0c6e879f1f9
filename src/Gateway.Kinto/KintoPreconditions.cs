using Lockstep.Core.Operations;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// <c>If-Match</c> and <c>If-None-Match</c>, in this order if both are there (RFC 9110, 13.2.2). An empty header counts as none, so that a part
/// of a batch can undo a default. The date headers are ignored, as in Kinto.
/// </summary>
internal static class KintoPreconditions
{
    /// <param name="request">The request.</param>
    /// <param name="scope">The object or the list, whose stamp the headers refer to.</param>
    /// <param name="precondition">The condition; none if there are no headers.</param>
    /// <returns>The error, or null.</returns>
    public static KintoResponse? Read(KintoRequest request, PreconditionScope scope, out Precondition precondition)
    {
        precondition = Precondition.None;
        if (request.Header("If-Match") is { Length: > 0 } match)
        {
            if (!TryParse(match, out var any, out var stamp))
            {
                return Bad("If-Match", match);
            }

            precondition = new Precondition(scope, any ? PreconditionTest.MustExist : PreconditionTest.Match, stamp);
        }

        if (request.Header("If-None-Match") is { Length: > 0 } noneMatch)
        {
            if (!TryParse(noneMatch, out var any, out var stamp))
            {
                return Bad("If-None-Match", noneMatch);
            }

            var test = any ? PreconditionTest.MustNotExist : PreconditionTest.NoneMatch;
            precondition = precondition == Precondition.None
                ? new Precondition(scope, test, stamp)
                : precondition with { SecondTest = test, SecondValue = stamp };
        }

        return null;
    }

    private static bool TryParse(string value, out bool any, out ServerTimestamp stamp)
    {
        any = value.AsSpan().Trim() is "*";
        stamp = default;
        if (any)
        {
            return true;
        }

        return StampText.TryParse(Quoted(value), out stamp);
    }

    /// <returns>The text between the quotes; empty if there are none.</returns>
    private static ReadOnlySpan<char> Quoted(string value)
    {
        var text = value.AsSpan().Trim();

        // Proxies that compress make ETags weak.
        if (text.StartsWith("W/", StringComparison.Ordinal))
        {
            text = text[2..];
        }

        return text.Length > 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1] : default;
    }

    private static KintoResponse Bad(string header, string value) => KintoErrors.Invalid(
        "header", header, StampText.Describe(header, Quoted(value), "The value should be integer between double quotes."));
}

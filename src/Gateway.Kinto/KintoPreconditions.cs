using Lockstep.Core.Operations;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// <c>If-Match</c> and <c>If-None-Match</c>, in this order where there are both (RFC 9110, 13.2.2). The date headers do not
/// count, as in Kinto.
/// </summary>
internal static class KintoPreconditions
{
    /// <param name="request">The request.</param>
    /// <param name="scope">Whose stamp the headers are about.</param>
    /// <param name="precondition">The condition; none when there are no headers.</param>
    /// <returns>The error, or null.</returns>
    public static KintoResponse? Read(KintoRequest request, PreconditionScope scope, out Precondition precondition)
    {
        precondition = Precondition.None;
        if (request.Header("If-Match") is { } match)
        {
            if (!TryParse(match, out var any, out var stamp))
            {
                return Bad("If-Match");
            }

            precondition = new Precondition(scope, any ? PreconditionTest.MustExist : PreconditionTest.Match, stamp);
        }

        if (request.Header("If-None-Match") is { } noneMatch)
        {
            if (!TryParse(noneMatch, out var any, out var stamp))
            {
                return Bad("If-None-Match");
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
        var text = value.AsSpan().Trim();
        any = text is "*";
        stamp = default;
        if (any)
        {
            return true;
        }

        // Proxies that compress make our ETags weak on their way out.
        if (text.StartsWith("W/", StringComparison.Ordinal))
        {
            text = text[2..];
        }

        return text.Length > 2 && text[0] == '"' && text[^1] == '"' && ServerTimestamp.TryParse(text[1..^1], out stamp);
    }

    private static KintoResponse Bad(string header) =>
        KintoErrors.Invalid("header", header, "The value should be integer between double quotes.");
}

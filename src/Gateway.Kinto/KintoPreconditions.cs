using Lockstep.Core.Operations;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto;

/// <summary><c>If-Match</c> and <c>If-None-Match</c>. The date headers do not count, as in Kinto.</summary>
internal static class KintoPreconditions
{
    /// <param name="request">The request.</param>
    /// <param name="scope">Whose stamp the headers are about.</param>
    /// <param name="precondition">The condition; none when there are no headers.</param>
    /// <returns>The error, or null.</returns>
    public static KintoResponse? Read(KintoRequest request, PreconditionScope scope, out Precondition precondition)
    {
        precondition = Precondition.None;
        var noneMatch = request.Header("If-None-Match");
        if (noneMatch is not null)
        {
            if (Parse(noneMatch, scope, PreconditionTest.NoneMatch, PreconditionTest.MustNotExist) is not { } parsed)
            {
                return Bad("If-None-Match");
            }

            precondition = parsed;
        }

        // Both at once ask for the impossible or the same; "create only" is the stricter one.
        if (precondition.Test != PreconditionTest.MustNotExist && request.Header("If-Match") is { } match)
        {
            if (Parse(match, scope, PreconditionTest.Match, PreconditionTest.MustExist) is not { } parsed)
            {
                return Bad("If-Match");
            }

            precondition = parsed;
        }

        return null;
    }

    private static Precondition? Parse(string value, PreconditionScope scope, PreconditionTest test, PreconditionTest star)
    {
        var text = value.AsSpan().Trim();
        if (text is "*")
        {
            return new Precondition(scope, star);
        }

        // Proxies that compress make our ETags weak on their way out.
        if (text.StartsWith("W/", StringComparison.Ordinal))
        {
            text = text[2..];
        }

        return text.Length > 2 && text[0] == '"' && text[^1] == '"' && ServerTimestamp.TryParse(text[1..^1], out var stamp)
            ? new Precondition(scope, test, stamp)
            : null;
    }

    private static KintoResponse Bad(string header) =>
        KintoErrors.Invalid("header", header, "The value should be integer between double quotes.");
}

using System.Globalization;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Own;

/// <summary>Deletions: each says by <c>If-Match</c> which state of the object was looked at, and does nothing to another.</summary>
internal static class Removal
{
    /// <returns>The operation, or the answer to a request without a stamp.</returns>
    public static (DeleteRecord? Operation, Answer? Refusal) Read(ConsoleRequest request, ObjectRef target)
    {
        var header = request.Inner.Http.Request.Headers.IfMatch.ToString();
        return header is ['"', .. var digits, '"'] && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var stamp)
            ? (new DeleteRecord(target) { Precondition = new Precondition(PreconditionScope.Record, PreconditionTest.Match, new ServerTimestamp(stamp)) }, null)
            : (null, ConsoleAnswers.Of(ConsoleError.NoStamp));
    }

    public static Answer Of(Outcome outcome) => outcome is RecordDeleted ? ConsoleAnswers.Nothing() : ConsoleAnswers.Of(ErrorOf(outcome));

    /// <summary>Of an outcome in place of what was asked for.</summary>
    public static ConsoleError ErrorOf(Outcome outcome) => outcome switch
    {
        PreconditionFailed => ConsoleError.Changed,
        Forbidden => ConsoleError.Forbidden,
        AccountClosed => ConsoleError.SignedOut,
        _ => ConsoleError.NoResource,
    };
}

using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>
/// A condition that must hold for an operation to run. The owner judges it after all earlier writes. It can have a
/// second test of the same subject, judged after the first: RFC 9110, 13.2.2, has <c>If-Match</c> before <c>If-None-Match</c>.
/// </summary>
public readonly record struct Precondition(
    PreconditionScope Scope, PreconditionTest Test, ServerTimestamp Value = default)
{
    public static readonly Precondition None;

    /// <summary>Default: no second test.</summary>
    public PreconditionTest SecondTest { get; init; }

    public ServerTimestamp SecondValue { get; init; }

    /// <summary>The newest stamp that it names; zero when it names none.</summary>
    public ServerTimestamp NewestValue => ServerTimestamp.Max(Value, SecondValue);

    /// <param name="exists">Whether the subject exists (a tombstone does not).</param>
    /// <param name="stamp">The subject's stamp, if it exists.</param>
    public bool Holds(bool exists, ServerTimestamp stamp) => Failed(exists, stamp) == PreconditionTest.None;

    /// <param name="exists">Whether the subject exists (a tombstone does not).</param>
    /// <param name="stamp">The subject's stamp, if it exists.</param>
    /// <returns>The first test that the subject fails; <see cref="PreconditionTest.None"/> if it passes both.</returns>
    public PreconditionTest Failed(bool exists, ServerTimestamp stamp) =>
        !Passes(Test, Value, exists, stamp) ? Test
        : !Passes(SecondTest, SecondValue, exists, stamp) ? SecondTest
        : PreconditionTest.None;

    private static bool Passes(PreconditionTest test, ServerTimestamp value, bool exists, ServerTimestamp stamp) => test switch
    {
        PreconditionTest.None => true,
        PreconditionTest.UnmodifiedSince => !exists || stamp <= value,
        PreconditionTest.Match => exists && stamp == value,
        PreconditionTest.NoneMatch => !exists || stamp != value,
        PreconditionTest.MustExist => exists,
        PreconditionTest.MustNotExist => !exists,
        PreconditionTest.ModifiedSince => stamp > value,
        _ => throw new InvalidOperationException($"Unknown precondition test {test}."),
    };
}

using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>A condition under which alone an operation runs; judged by the owner, after all that came before it.</summary>
public readonly record struct Precondition(
    PreconditionScope Scope, PreconditionTest Test, ServerTimestamp Value = default)
{
    public static readonly Precondition None;

    /// <param name="exists">Whether the subject is there (a tombstone is not).</param>
    /// <param name="stamp">The subject's stamp, when it is there.</param>
    public bool Holds(bool exists, ServerTimestamp stamp) => Test switch
    {
        PreconditionTest.None => true,
        PreconditionTest.UnmodifiedSince => !exists || stamp <= Value,
        PreconditionTest.Match => exists && stamp == Value,
        PreconditionTest.NoneMatch => !exists || stamp != Value,
        PreconditionTest.MustExist => exists,
        PreconditionTest.MustNotExist => !exists,
        _ => throw new InvalidOperationException($"Unknown precondition test {Test}."),
    };
}

namespace Lockstep.Grains;

/// <summary>Whether a try may be made; see <see cref="Core.Accounts.SignInPermit"/>.</summary>
[GenerateSerializer, Immutable, Alias("lockstep.sign-in-answer")]
public sealed class SignInAnswer
{
    [Id(0)]
    public TimeSpan Wait { get; init; }

    [Id(1)]
    public bool IsBusy { get; init; }
}

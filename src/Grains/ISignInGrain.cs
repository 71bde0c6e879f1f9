namespace Lockstep.Grains;

/// <summary>Counts wrong passwords under one key: a digest of an address, or of an address and an account.</summary>
[Alias("lockstep.sign-in")]
public interface ISignInGrain : IGrainWithStringKey
{
    /// <summary>Begins a try for a gateway of 0.1.0 or 0.2.0, which does not name tries.</summary>
    /// <param name="limit">Failures that are accepted in a window.</param>
    /// <param name="window">How long a failure counts at most.</param>
    /// <returns>How long to wait; zero if the try may be made.</returns>
    [Alias("begin")]
    Task<TimeSpan> BeginAsync(int limit, TimeSpan window);

    /// <summary>Ends a try for a gateway of 0.1.0 or 0.2.0.</summary>
    [Alias("end")]
    Task EndAsync(SignInResult result, TimeSpan window);

    /// <summary>Begins a try, which counts until it has ended or has taken too long.</summary>
    /// <param name="attempt">The try's id.</param>
    /// <param name="limit">Failures that are accepted in a window.</param>
    /// <param name="window">How long a failure counts at most.</param>
    /// <returns>Whether the try may be made; only then has it begun.</returns>
    [Alias("try")]
    Task<SignInAnswer> TryAsync(Guid attempt, int limit, TimeSpan window);

    /// <summary>Ends a try, even one that is not known here.</summary>
    [Alias("decide")]
    Task DecideAsync(Guid attempt, SignInResult result, TimeSpan window);
}

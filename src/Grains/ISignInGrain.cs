namespace Lockstep.Grains;

/// <summary>Counts wrong passwords under one key: a digest of an address, or of an address and an account.</summary>
[Alias("lockstep.sign-in")]
public interface ISignInGrain : IGrainWithStringKey
{
    /// <summary>Begins a try, which counts until it has ended.</summary>
    /// <param name="limit">Failures that are taken in a window.</param>
    /// <param name="window">How long a failure counts at most.</param>
    /// <returns>How long to wait; zero when the try may be made.</returns>
    [Alias("begin")]
    Task<TimeSpan> BeginAsync(int limit, TimeSpan window);

    /// <summary>Ends a try.</summary>
    [Alias("end")]
    Task EndAsync(SignInResult result, TimeSpan window);
}

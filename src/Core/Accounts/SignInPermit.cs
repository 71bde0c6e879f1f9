namespace Lockstep.Core.Accounts;

/// <summary>Whether a sign-in try may be made.</summary>
/// <param name="Wait">How long to wait after too many failures; otherwise zero.</param>
/// <param name="IsBusy">The failures leave room for more tries, but undecided tries fill it. They end soon, and may all succeed.</param>
public readonly record struct SignInPermit(TimeSpan Wait, bool IsBusy)
{
    public static readonly SignInPermit Granted;

    public bool IsGranted => Wait == TimeSpan.Zero && !IsBusy;
}

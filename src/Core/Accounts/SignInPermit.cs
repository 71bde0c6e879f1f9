namespace Lockstep.Core.Accounts;

/// <summary>Whether a try to sign in may be made.</summary>
/// <param name="Wait">How long to wait, after too many failures; else zero.</param>
/// <param name="IsBusy">Failures leave room for more tries, and as many as that are under way. They end soon, and may all be right.</param>
public readonly record struct SignInPermit(TimeSpan Wait, bool IsBusy)
{
    public static readonly SignInPermit Granted;

    public bool IsGranted => Wait == TimeSpan.Zero && !IsBusy;
}

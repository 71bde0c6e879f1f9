using Lockstep.Core.Accounts;
using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Accounts;

/// <summary>Who may have an account and how sign-in is guarded.</summary>
public sealed record AccountOptions
{
    /// <summary>
    /// Who may make an account: <c>closed</c>, <c>open</c>, or <c>auto</c>. The last means only a person on this machine who
    /// talks to a loopback address directly. Default: auto.
    /// </summary>
    public Registration Registration { get; init; } = Registration.Auto;

    /// <summary>
    /// Who may see, make, change and delete all accounts: accounts such as <c>account:admin</c>, separated by commas. Make these accounts first:
    /// whoever has the name gets the right. Default: nobody.
    /// </summary>
    public string Administrators { get; init; } = "";

    /// <summary>Minimal characters of a new password. Default: 6.</summary>
    [Bounds(1)]
    public int MinPasswordLength { get; init; } = 6;

    /// <summary>PBKDF2 iterations of new hashes. Default: 210,000.</summary>
    [Bounds(1)]
    public int PasswordIterations { get; init; } = PasswordHash.DefaultIterations;

    /// <summary>How long a verified password is accepted without reading the account again. Default: 30 seconds.</summary>
    [Bounds(0)]
    public TimeSpan CacheTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Verified passwords remembered (as keyed digests). Default: 100,000.</summary>
    [Bounds(1)]
    public int CacheEntries { get; init; } = 100_000;

    /// <summary>Wrong passwords for one account from one address before it has to wait. Default: 10.</summary>
    [Bounds(1)]
    public int MaxFailures { get; init; } = 10;

    /// <summary>Wrong passwords from one address, whatever the account, before it has to wait. Default: 100.</summary>
    [Bounds(1)]
    public int MaxFailuresPerAddress { get; init; } = 100;

    /// <summary>How long failures count, and so the longest wait. Default: 5 minutes.</summary>
    [Bounds(BoundsAttribute.Millisecond)]
    public TimeSpan FailureWindow { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long an answer is held that says that there were too many wrong passwords, or that too many passwords wait to be hashed. 0: not at all. Default: a quarter of a second.</summary>
    [Bounds(0, 3)]
    public TimeSpan RefusalTime { get; init; } = TimeSpan.FromSeconds(0.25);

    /// <summary>Accounts that may be made from one address in an hour where everybody may make one. Firefox accounts count too. Default: 50.</summary>
    [Bounds(1)]
    public int MaxRegistrationsPerHour { get; init; } = 50;

    public SignInLimits ToLimits() => new(MaxFailures, MaxFailuresPerAddress, FailureWindow);
}

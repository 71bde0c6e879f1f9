using Lockstep.Core.Accounts;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// How many accounts are made from one address in an hour where everybody may make one, whatever the protocol. Counted with the tries of sign-ins: in the whole
/// cluster, and in bounded memory.
/// </summary>
public sealed class Registrations(ISignInThrottle throttle, AccountOptions options)
{
    private readonly SignInLimits limits = new(options.MaxRegistrationsPerHour, options.MaxRegistrationsPerHour, TimeSpan.FromHours(1));

    /// <summary>Makes an account, if it may be made. What was not made does not count.</summary>
    /// <param name="address">Where it is asked for, as of <see cref="Http.ClientAddress"/>.</param>
    /// <param name="make">Makes it, and says whether it was made.</param>
    /// <returns>Whether that was called; if not, when to try again.</returns>
    public async ValueTask<SignInPermit> TryAsync(string address, Func<ValueTask<bool>> make)
    {
        var attempt = new SignInTry(Guid.NewGuid(), "registrations", "registrations " + address) { Limits = limits };
        var permit = await throttle.BeginAsync(attempt, CancellationToken.None);
        if (!permit.IsGranted)
        {
            return permit;
        }

        var isMade = false;
        try
        {
            isMade = await make();
            return permit;
        }
        finally
        {
            await throttle.EndAsync(attempt, isMade ? SignInVerdict.Wrong : SignInVerdict.Undecided);
        }
    }
}

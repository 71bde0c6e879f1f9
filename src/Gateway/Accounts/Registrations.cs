using Lockstep.Core.Accounts;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// Limits how many accounts are made from one address in an hour where everybody may make one, over all protocols. Counted with the tries of sign-ins: for the
/// whole cluster, and in bounded memory.
/// </summary>
public sealed class Registrations(ISignInThrottle throttle, AccountOptions options)
{
    private readonly SignInLimits limits = new(options.MaxRegistrationsPerHour, options.MaxRegistrationsPerHour, TimeSpan.FromHours(1));

    /// <summary>Makes an account if the limit allows. Failed attempts do not count.</summary>
    /// <param name="address">The address that asks, as of <see cref="Http.ClientAddress"/>.</param>
    /// <param name="make">Makes the account and returns whether it did.</param>
    /// <returns>Whether <paramref name="make"/> was called; if not, when to try again.</returns>
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

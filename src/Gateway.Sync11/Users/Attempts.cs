using Lockstep.Core.Accounts;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>What may be tried only so often from one address, counted with the wrong passwords of all accounts.</summary>
internal sealed class Attempts(ISignInThrottle throttle, Sync11Options options, AccountOptions accounts)
{
    private readonly SignInLimits lookups = new(options.MaxLookups, options.MaxLookups, accounts.FailureWindow);
    private readonly SignInLimits registrations = new(options.MaxRegistrationsPerDay, options.MaxRegistrationsPerDay, SignInLimits.MaxOwnWindow);
    private readonly SignInLimits mails = new(options.MaxMailsPerDay, 10 * options.MaxMailsPerDay, SignInLimits.MaxOwnWindow);
    private readonly SignInLimits channels = new(options.Pairing.MaxChannelsPerAddress, options.Pairing.MaxChannelsPerAddress, options.Pairing.BlockTime);
    private readonly SignInLimits pairings = new(options.Pairing.MaxBadRequests, options.Pairing.MaxBadRequests, options.Pairing.BlockTime);
    private readonly SignInLimits captchas = new(1, 1, options.Captcha.Lifetime);

    /// <summary>Does what may be guessed.</summary>
    /// <param name="what">What is tried: a text that no account has.</param>
    /// <param name="address">Where it comes from.</param>
    /// <param name="run">Says how it ended, with the answer; null to go on.</param>
    /// <returns>That answer; or that there were too many before.</returns>
    public ValueTask<Answer?> TryAsync(string what, string address, Func<ValueTask<(SignInVerdict Verdict, Answer? Answer)>> run) =>
        TryAsync(new SignInTry(Guid.NewGuid(), what, address), run);

    /// <summary>Looks up what tells which users there are.</summary>
    /// <param name="address">Where the question comes from.</param>
    /// <param name="run">Looks it up.</param>
    /// <returns>As above.</returns>
    public ValueTask<Answer?> LookUpAsync(string address, Func<ValueTask<Answer?>> run) => TryAsync(
        new SignInTry(Guid.NewGuid(), "sync11 users", "sync11 lookups " + address) { Limits = lookups }, async () => (SignInVerdict.Wrong, await run()));

    /// <summary>Makes an account that everybody may make. Counted for a day, if it was made; after a captcha whether it was made or not, so that right answers too are only so many.</summary>
    /// <param name="address">Where it comes from.</param>
    /// <param name="refuse">Takes the captcha, and says what to answer where it is wrong; null where there is none.</param>
    /// <param name="run">Makes it.</param>
    /// <returns>As above.</returns>
    public ValueTask<Answer?> RegisterAsync(string address, Func<ValueTask<Answer?>>? refuse, Func<ValueTask<Answer>> run) => TryAsync(
        new SignInTry(Guid.NewGuid(), "sync11 registrations", "sync11 registrations " + address) { Limits = registrations },
        async () => refuse is null ? await CountedIfDoneAsync(run)
            : await refuse() is { } refusal ? (SignInVerdict.Undecided, refusal)
            : (SignInVerdict.Wrong, await run()));

    /// <summary>
    /// Sends a mail that somebody asks for who need not be its receiver. Counted for a day: by who asks, so that nobody keeps others' from being sent, and ten
    /// times as many whoever asks, so that no mailbox is filled.
    /// </summary>
    /// <param name="name">The user's.</param>
    /// <param name="asker">The address that it comes from.</param>
    /// <param name="run">Sends it.</param>
    /// <returns>As above.</returns>
    public ValueTask<Answer?> MailAsync(string name, string asker, Func<ValueTask<Answer?>> run) => TryAsync(
        new SignInTry(Guid.NewGuid(), "for " + asker, "sync11 mails " + name) { Limits = mails }, async () => (SignInVerdict.Wrong, await run()));

    /// <summary>Does what a device may that pairs with another one. Counted if it is no such device.</summary>
    /// <param name="address">Where it comes from.</param>
    /// <param name="run">Does it, and says whether it was one.</param>
    /// <returns>That answer; or, where there were too many before, 403.</returns>
    public ValueTask<Answer?> PairAsync(string address, Func<ValueTask<(SignInVerdict Verdict, Answer? Answer)>> run) => TryAsync(
        new SignInTry(Guid.NewGuid(), "sync11 pairings", "sync11 pairings " + address) { Limits = pairings }, run, WeaveAnswers.Blocked);

    /// <summary>Opens a channel for a pairing. Counted if one was opened.</summary>
    /// <param name="address">Where it comes from.</param>
    /// <param name="run">Opens it.</param>
    /// <returns>As above.</returns>
    public ValueTask<Answer?> OpenChannelAsync(string address, Func<ValueTask<Answer>> run) => TryAsync(
        new SignInTry(Guid.NewGuid(), "sync11 channels", "sync11 channels " + address) { Limits = channels }, () => CountedIfDoneAsync(run), WeaveAnswers.Blocked);

    /// <summary>Takes a captcha, right or wrong: each is tried once.</summary>
    /// <param name="captcha">Its own number.</param>
    /// <returns>Whether nobody has tried it before.</returns>
    public async ValueTask<bool> TakeCaptchaAsync(string captcha)
    {
        var isFirst = false;
        await TryAsync(
            new SignInTry(Guid.NewGuid(), "sync11 captchas", "sync11 captchas " + captcha) { Limits = captchas },
            () =>
            {
                isFirst = true;
                return ValueTask.FromResult<(SignInVerdict, Answer?)>((SignInVerdict.Wrong, null));
            });
        return isFirst;
    }

    private static async ValueTask<(SignInVerdict Verdict, Answer? Answer)> CountedIfDoneAsync(Func<ValueTask<Answer>> run)
    {
        var answer = await run();
        return (answer.Status == 200 ? SignInVerdict.Wrong : SignInVerdict.Undecided, answer);
    }

    /// <param name="attempt">What is tried.</param>
    /// <param name="run">As above.</param>
    /// <param name="refuse">The answer where there were too many before, by how long to wait; null for 503.</param>
    private async ValueTask<Answer?> TryAsync(SignInTry attempt, Func<ValueTask<(SignInVerdict Verdict, Answer? Answer)>> run, Func<TimeSpan, Answer>? refuse = null)
    {
        var permit = await throttle.BeginAsync(attempt, CancellationToken.None);
        if (!permit.IsGranted)
        {
            return permit.IsBusy ? WeaveAnswers.Unavailable : (refuse ?? WeaveAnswers.TooMany)(permit.Wait);
        }

        var verdict = SignInVerdict.Undecided;
        try
        {
            (verdict, var answer) = await run();
            return answer;
        }
        finally
        {
            await throttle.EndAsync(attempt, verdict);
        }
    }
}

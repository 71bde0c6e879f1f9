using Lockstep.Core.Accounts;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>Limits how often something may be tried from one address. Counted with the wrong passwords of all accounts.</summary>
internal sealed class Attempts(ISignInThrottle throttle, Sync11Options options, AccountOptions accounts)
{
    private readonly SignInLimits lookups = new(options.MaxLookups, options.MaxLookups, accounts.FailureWindow);
    private readonly SignInLimits registrations = new(options.MaxRegistrationsPerDay, options.MaxRegistrationsPerDay, SignInLimits.MaxOwnWindow);
    private readonly SignInLimits mails = new(options.MaxMailsPerDay, 10 * options.MaxMailsPerDay, SignInLimits.MaxOwnWindow);
    private readonly SignInLimits channels = new(options.Pairing.MaxChannelsPerAddress, options.Pairing.MaxChannelsPerAddress, options.Pairing.BlockTime);
    private readonly SignInLimits pairings = new(options.Pairing.MaxBadRequests, options.Pairing.MaxBadRequests, options.Pairing.BlockTime);
    private readonly SignInLimits captchas = new(1, 1, options.Captcha.Lifetime);

    /// <summary>Runs something that could be guessed.</summary>
    /// <param name="what">What is tried: a text that no account has.</param>
    /// <param name="address">Where the request comes from.</param>
    /// <param name="run">Returns the verdict and the answer; null to go on.</param>
    /// <returns>The answer, or that there were too many tries before.</returns>
    public ValueTask<Answer?> TryAsync(string what, string address, Func<ValueTask<(SignInVerdict Verdict, Answer? Answer)>> run) =>
        TryAsync(new SignInTry(Guid.NewGuid(), what, address), run);

    /// <summary>Looks up something that tells which users exist.</summary>
    /// <param name="address">Where the question comes from.</param>
    /// <param name="run">Looks it up.</param>
    /// <returns>The answer, or that there were too many lookups before.</returns>
    public ValueTask<Answer?> LookUpAsync(string address, Func<ValueTask<Answer?>> run) => TryAsync(
        new SignInTry(Guid.NewGuid(), "sync11 users", "sync11 lookups " + address) { Limits = lookups }, async () => (SignInVerdict.Wrong, await run()));

    /// <summary>
    /// Makes an account that anybody may make. It counts for a day if it was made. After a right captcha it counts in any case, so that right answers are limited too.
    /// </summary>
    /// <param name="address">Where the request comes from.</param>
    /// <param name="refuse">Takes the captcha and returns the refusal of a wrong one; null if there is no captcha.</param>
    /// <param name="run">Makes it.</param>
    /// <returns>The answer, or that there were too many accounts before.</returns>
    public ValueTask<Answer?> RegisterAsync(string address, Func<ValueTask<Answer?>>? refuse, Func<ValueTask<Answer>> run) => TryAsync(
        new SignInTry(Guid.NewGuid(), "sync11 registrations", "sync11 registrations " + address) { Limits = registrations },
        async () => refuse is null ? await CountedIfDoneAsync(run)
            : await refuse() is { } refusal ? (SignInVerdict.Undecided, refusal)
            : (SignInVerdict.Wrong, await run()));

    /// <summary>
    /// Sends a mail that somebody other than its receiver may ask for. Mails are counted for a day: for each asker, so that nobody keeps the mails of others from being
    /// sent, and ten times as many for all askers, so that no mailbox is filled.
    /// </summary>
    /// <param name="name">The name of the user.</param>
    /// <param name="asker">The address that the request comes from.</param>
    /// <param name="run">Sends it.</param>
    /// <returns>The answer, or that there were too many mails before.</returns>
    public ValueTask<Answer?> MailAsync(string name, string asker, Func<ValueTask<Answer?>> run) => TryAsync(
        new SignInTry(Guid.NewGuid(), "for " + asker, "sync11 mails " + name) { Limits = mails }, async () => (SignInVerdict.Wrong, await run()));

    /// <summary>Runs a request of a pairing device. It counts if it turns out not to come from one.</summary>
    /// <param name="address">Where the request comes from.</param>
    /// <param name="run">Runs it, and tells whether it came from a pairing device.</param>
    /// <returns>The answer; 403 if there were too many before.</returns>
    public ValueTask<Answer?> PairAsync(string address, Func<ValueTask<(SignInVerdict Verdict, Answer? Answer)>> run) => TryAsync(
        new SignInTry(Guid.NewGuid(), "sync11 pairings", "sync11 pairings " + address) { Limits = pairings }, run, WeaveAnswers.Blocked);

    /// <summary>Opens a channel for a pairing. It counts if it was opened.</summary>
    /// <param name="address">Where the request comes from.</param>
    /// <param name="run">Opens it.</param>
    /// <returns>The answer; 403 if there were too many before.</returns>
    public ValueTask<Answer?> OpenChannelAsync(string address, Func<ValueTask<Answer>> run) => TryAsync(
        new SignInTry(Guid.NewGuid(), "sync11 channels", "sync11 channels " + address) { Limits = channels }, () => CountedIfDoneAsync(run), WeaveAnswers.Blocked);

    /// <summary>Takes a captcha, whether its answer is right or wrong: each can be tried once.</summary>
    /// <param name="captcha">The number of the captcha.</param>
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
    /// <param name="run">Returns the verdict and the answer; null to go on.</param>
    /// <param name="refuse">The answer, given the time to wait, if there were too many before; null for 503.</param>
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

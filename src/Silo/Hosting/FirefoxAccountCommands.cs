using System.Globalization;
using Lockstep.Core.Assignments;
using Lockstep.Core.Time;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Gateway.FirefoxAccounts.Accounts;
using Lockstep.Gateway.Sync15.TokenServer;

namespace Lockstep.Silo.Hosting;

/// <summary><c>firefox-accounts …</c>: what an operator does for people with a Firefox account, beside a running server or without one.</summary>
internal static class FirefoxAccountCommands
{
    public const string Help =
        """
        firefox-accounts invite [--note TEXT] [--days DAYS]
                               makes an invitation for one account and prints its URL; it ends in 7 days
        firefox-accounts reset-link EMAIL
                               prints a link that sets a new password, once, within an hour; what is in Sync is gone then
        firefox-accounts reset-link-without-second-factor EMAIL
                               the same for somebody who has also lost their second factor
        """;

    private const int DefaultDays = 7;
    private const int MaxDays = 3650;

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> own, LockstepOptions options, TextWriter output)
    {
        var days = own.TryGetValue("--days", out var text) ? (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= MaxDays ? number : 0) : DefaultDays;
        var isInvitation = arguments is ["invite"] && days > 0 && own.Keys.All(static name => name is "--note" or "--days");
        if (!isInvitation && !(arguments is ["reset-link" or "reset-link-without-second-factor", _] && own.Count == 0))
        {
            output.WriteLine(Help);
            return 2;
        }

        await using var storage = await ServerStorage.OpenAsync(options, exclusive: false, fault => output.WriteLine(fault.Message));
        var (code, line) = isInvitation
            ? await InviteAsync(storage, options, own.GetValueOrDefault("--note", ""), days)
            : await ResetAsync(storage, options, arguments[1], arguments[0] is "reset-link-without-second-factor");
        output.WriteLine(line);
        return code;
    }

    private static async Task<(int Code, string Line)> InviteAsync(ServerStorage storage, LockstepOptions options, string note, int days)
    {
        if (options.FirefoxAccounts.Registration is not (AccountRegistration.Invitation or AccountRegistration.AllowList))
        {
            return (1, "Invitations count where FirefoxAccounts:Registration is Invitation or AllowList. Give this command the settings of the server.");
        }

        var code = InvitationCode.New();
        var end = ServerTimestamp.Now(TimeProvider.System).Plus((long)TimeSpan.FromDays(days).TotalMilliseconds);
        await storage.Assignments.AddInvitationAsync(new Invitation(InvitationCode.DigestOf(code), note, QuotaBytes: null, end, User: null), CancellationToken.None);
        return (0, $"{Address(options)}/signup#invitation={code}");
    }

    private static async Task<(int Code, string Line)> ResetAsync(ServerStorage storage, LockstepOptions options, string email, bool skipsSecondFactor)
    {
        if (await storage.KeyedAccounts.FindAsync(email.ToLowerInvariant(), CancellationToken.None) is not { } account)
        {
            return (1, $"There is no Firefox account of '{email}'.");
        }

        if (account.Account.IsDisabled)
        {
            return (1, $"The account '{email}' is disabled. Enable it first, with: account enable {account.Account.Name}");
        }

        return await ResetLink.MakeAsync(storage.KeyedAccounts, account, skipsSecondFactor, TimeProvider.System, CancellationToken.None) is { } link
            ? (0, Address(options) + link)
            : (1, "The account has just changed. Run the command again.");
    }

    private static string Address(LockstepOptions options) =>
        (options.Http.PublicUrl ?? options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[0]).TrimEnd('/');
}

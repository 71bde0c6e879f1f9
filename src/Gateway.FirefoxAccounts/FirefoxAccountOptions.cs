using System.Globalization;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Settings;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>Settings of the account server for Firefox.</summary>
public sealed record FirefoxAccountOptions
{
    private const int MinKeyLength = 32;

    /// <summary>
    /// Whether accounts are served: <c>on</c>, <c>off</c> or <c>auto</c>. Auto means on if the server is for this machine alone: SQLite, loopback addresses only,
    /// no public URL, path base or proxy, and no secrets or issuer of Sync. Default: auto.
    /// </summary>
    public AccountServerMode Mode { get; init; } = AccountServerMode.Auto;

    /// <summary>
    /// Who may make an account: <c>auto</c> (somebody on this machine who connects to a loopback address directly), <c>closed</c>, <c>open</c>,
    /// <c>invitation</c> or <c>allowlist</c>. Default: auto.
    /// </summary>
    public AccountRegistration Registration { get; init; } = AccountRegistration.Auto;

    /// <summary>
    /// Addresses that may make an account if <see cref="Registration"/> is AllowList, separated by commas. <c>*</c> stands for any text, as in
    /// <c>*@example.org</c>. Default: none.
    /// </summary>
    public string AllowedEmails { get; init; } = "";

    /// <summary>
    /// File with the key that encrypts everything that must be read back. Only the server's user may read it (mode 0600). Default: <c>accounts.key</c> in
    /// <c>DataDirectory</c>, made at the first start; on PostgreSQL none, since all servers need the same key.
    /// </summary>
    public string? KeyFile { get; init; }

    /// <summary>The key itself, in place of a file: at least 32 characters. Default: none.</summary>
    [Secret]
    public string? Key { get; init; }

    /// <summary>Bytes of memory for one hash of a password (Argon2id). Default: 19 MiB.</summary>
    [Bounds(8 << 10, 1 << 30)]
    public int HashMemoryBytes { get; init; } = 19 << 20;

    /// <summary>Passes over that memory. Default: 2.</summary>
    [Bounds(1, 100)]
    public int HashIterations { get; init; } = 2;

    /// <summary>Bytes of memory for all hashes that run at a time. At most half the processors hash. Default: 64 MiB.</summary>
    [Bounds(1)]
    public long MaxHashBytes { get; init; } = 64L << 20;

    /// <summary>How long an unused session stays valid. Default: 365 days.</summary>
    [Bounds(BoundsAttribute.Minute, BoundsAttribute.Year * 10)]
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromDays(365);

    /// <summary>How long an unused refresh token stays valid. Phones sign in with one. Default: 365 days.</summary>
    [Bounds(BoundsAttribute.Minute, BoundsAttribute.Year * 10)]
    public TimeSpan RefreshLifetime { get; init; } = TimeSpan.FromDays(365);

    /// <summary>How long an access token is valid. Firefox may have tokens for Sync and the profile for up to 6 hours. Default: 15 minutes.</summary>
    [Bounds(BoundsAttribute.Minute, BoundsAttribute.Minute * 15)]
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long one key signs access tokens. It stays published for a day longer. Default: 90 days.</summary>
    [Bounds(BoundsAttribute.Minute, BoundsAttribute.Year * 10)]
    public TimeSpan SigningKeyLifetime { get; init; } = TimeSpan.FromDays(90);

    /// <summary>
    /// Wrong codes for an account in a day: codes of the second factor, recovery codes and mailed codes. For codes that anybody may send, the limit counts for one
    /// address, and that address may send ten times as many for all accounts together. Default: 30.
    /// </summary>
    [Bounds(1, 100_000)]
    public int MaxGuessesPerDay { get; init; } = 30;

    /// <summary>
    /// Mails in a day with a code for a forgotten password, for one account at the request of one address. All addresses together may ask for ten times as many.
    /// Also mails in a day with a code that verifies an account's address. Default: 10.
    /// </summary>
    [Bounds(1, 100_000)]
    public int MaxMailsPerDay { get; init; } = 10;

    /// <summary>Questions from one address in <c>Accounts:FailureWindow</c> whose answers could tell which accounts exist. Default: 100.</summary>
    [Bounds(1)]
    public int MaxLookups { get; init; } = 100;

    /// <summary>Sessions of an account. When there are more, sessions that were never used again end first, then those unused for longest. Default: 100.</summary>
    [Bounds(2, 10_000)]
    public int MaxSessions { get; init; } = 100;

    /// <summary>Refresh tokens of an account. When there are more, tokens of the client with the most end first, in the same order. Default: 100.</summary>
    [Bounds(2, 10_000)]
    public int MaxRefreshTokens { get; init; } = 100;

    /// <summary>Access tokens of an account, with the same rule. Default: 1,000.</summary>
    [Bounds(2, 100_000)]
    public int MaxAccessTokens { get; init; } = 1_000;

    /// <summary>Codes and tokens of an account that work once, of each kind, with the same rule. Default: 50.</summary>
    [Bounds(2, 1_000)]
    public int MaxCodes { get; init; } = 50;

    /// <summary>App passwords of an account. More cannot be made. Default: 50.</summary>
    [Bounds(0, 1_000)]
    public int MaxAppPasswords { get; init; } = 50;

    /// <summary>Bytes of what a device says about itself. More are refused. Default: 16 KiB.</summary>
    [Bounds(1 << 10, 1 << 20)]
    public int MaxDeviceBytes { get; init; } = 16 << 10;

    /// <summary>Commands that wait for a device. When there are more, the oldest are dropped. Default: 100.</summary>
    [Bounds(1, 10_000)]
    public int MaxCommands { get; init; } = 100;

    /// <summary>Bytes of all commands that wait for an account's devices. When there are more, the oldest commands are dropped. Default: 4 MiB.</summary>
    [Bounds(64 << 10, 1 << 30)]
    public long MaxCommandBytes { get; init; } = 4L << 20;

    /// <summary>
    /// Whether passwords may also be stretched in the old form (1,000 rounds), and sign-in tells unknown accounts from wrong passwords. Only for tests of Firefox:
    /// somebody who gets the database could guess 650 times as fast. Default: false.
    /// </summary>
    public bool OldStretch { get; init; }

    /// <summary>How mails are sent. Default: not at all.</summary>
    public SmtpOptions Smtp { get; init; } = new();

    /// <summary>OAuth clients that are not built in, numbered from "1". Default: none.</summary>
    public IReadOnlyDictionary<string, OAuthClientOptions> Clients { get; init; } = new Dictionary<string, OAuthClientOptions>(StringComparer.Ordinal);

    /// <param name="isOn">Whether accounts are served.</param>
    /// <param name="publicUrl">The URL that clients use; null to take it from the request.</param>
    /// <param name="pathBase">A path prefix; null for none.</param>
    /// <param name="onPostgres">Whether several servers may share the database.</param>
    /// <param name="urls">Where the server listens.</param>
    /// <returns>Problems that no declaration covers: what is wrong, and how to fix it.</returns>
    public IEnumerable<string> Problems(bool isOn, string? publicUrl, string? pathBase, bool onPostgres, string urls)
    {
        if (Key is { Length: < MinKeyLength })
        {
            // The key is not repeated, since it is a secret.
            yield return $"FirefoxAccounts:Key has less than {MinKeyLength} characters. Make one with: openssl rand -hex 32";
        }

        if (Key is not null && KeyFile is not null)
        {
            yield return "FirefoxAccounts:Key and FirefoxAccounts:KeyFile are both set. Use one.";
        }

        if (Smtp.IsOn && Smtp.From is not { Length: > 0 })
        {
            yield return "FirefoxAccounts:Smtp:Host is set and FirefoxAccounts:Smtp:From is not. Mails need an address that they come from.";
        }

        for (var number = 1; number <= Clients.Count; number++)
        {
            var setting = string.Create(CultureInfo.InvariantCulture, $"FirefoxAccounts:Clients:{number}");
            if (!Clients.TryGetValue(number.ToString(CultureInfo.InvariantCulture), out var client) || client.Id.Length == 0)
            {
                yield return $"{setting}:Id is not set. Clients are numbered 1, 2, 3 and so on without a gap.";
                continue;
            }

            foreach (var redirect in client.RedirectUris.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (!IsSafe(redirect) || redirect.Contains('#', StringComparison.Ordinal))
                {
                    yield return $"{setting}:RedirectUris has '{redirect}'. Use a URL with https and without a fragment; http only for this machine.";
                }
            }
        }

        if (!isOn)
        {
            yield break;
        }

        if (onPostgres && Key is null && KeyFile is null)
        {
            yield return "FirefoxAccounts:Mode is on, and neither FirefoxAccounts:KeyFile nor FirefoxAccounts:Key is set. All servers of one PostgreSQL database need the same key: make a file with 'openssl rand -hex 32', mode 0600, and name it.";
        }

        if (pathBase is { Length: > 0 } || (publicUrl is not null && Uri.TryCreate(publicUrl, UriKind.Absolute, out var url) && url.AbsolutePath is not "/"))
        {
            yield return "FirefoxAccounts:Mode is on, and Http:PublicUrl or Http:PathBase has a path. Firefox looks for accounts at the root of a host: give them one of their own.";
        }

        if (publicUrl is not null && !IsSafe(publicUrl))
        {
            yield return $"FirefoxAccounts:Mode is on, and Http:PublicUrl is '{publicUrl}'. Firefox and browsers need https there; http only for this machine, as in http://127.0.0.1:8888.";
        }

        if (Registration == AccountRegistration.AllowList && !Smtp.IsOn)
        {
            yield return "FirefoxAccounts:Registration is AllowList, and no mails are sent: so nobody has to show that a listed address is theirs. Set FirefoxAccounts:Smtp:Host, or use Invitation.";
        }

        if (publicUrl is null && !IsLoopback(urls))
        {
            yield return "FirefoxAccounts:Mode is on, and others can reach this server. Set Http:PublicUrl to the https URL that they use.";
        }
    }

    public AccountTokenLimits ToLimits() => new(MaxSessions, MaxRefreshTokens, MaxAccessTokens, MaxCodes);

    /// <summary>Whether a server listens for this machine alone.</summary>
    /// <param name="urls">As in the settings.</param>
    public static bool IsLoopback(string urls) => urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .All(static url => Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttp && address.IsLoopback);

    private static bool IsSafe(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));
}

using System.Globalization;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Settings;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>Settings of the account server for Firefox.</summary>
public sealed record FirefoxAccountOptions
{
    private const int MinKeyLength = 32;

    /// <summary>
    /// Whether accounts are served: <c>on</c>, <c>off</c>, or <c>auto</c>: where the server is for this machine alone, on SQLite, with loopback addresses and
    /// no public URL, path base or proxy, and no secrets or issuer of Sync. Default: auto.
    /// </summary>
    public AccountServerMode Mode { get; init; } = AccountServerMode.Auto;

    /// <summary>
    /// Who may make an account: <c>auto</c>: somebody on this machine who talks to a loopback address directly; <c>closed</c>, <c>open</c>,
    /// <c>invitation</c>, or <c>allowlist</c>. Default: auto.
    /// </summary>
    public AccountRegistration Registration { get; init; } = AccountRegistration.Auto;

    /// <summary>Addresses that may make an account where <see cref="Registration"/> is AllowList, separated by commas, with <c>*</c> for any text: <c>*@example.org</c>. Default: none.</summary>
    public string AllowedEmails { get; init; } = "";

    /// <summary>
    /// File with the key that everything is encrypted under which must be read back; for the server's user alone (mode 0600). Default: <c>accounts.key</c> in
    /// <c>DataDirectory</c>, made at the first start; on PostgreSQL none, since all servers need the same.
    /// </summary>
    public string? KeyFile { get; init; }

    /// <summary>The key itself, instead of a file: 32 characters at least. Default: none.</summary>
    [Secret]
    public string? Key { get; init; }

    /// <summary>Bytes of memory for one hash of a password (Argon2id). Default: 19 MiB.</summary>
    [Bounds(8 << 10, 1 << 30)]
    public int HashMemoryBytes { get; init; } = 19 << 20;

    /// <summary>Passes over that memory. Default: 2.</summary>
    [Bounds(1, 100)]
    public int HashIterations { get; init; } = 2;

    /// <summary>Bytes of memory for all hashes at a time; half the processors hash at most. Default: 64 MiB.</summary>
    [Bounds(1)]
    public long MaxHashBytes { get; init; } = 64L << 20;

    /// <summary>How long a session counts that is not used. Default: 365 days.</summary>
    [Bounds(BoundsAttribute.Minute, BoundsAttribute.Year * 10)]
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromDays(365);

    /// <summary>The same of a refresh token, with which phones sign in. Default: 365 days.</summary>
    [Bounds(BoundsAttribute.Minute, BoundsAttribute.Year * 10)]
    public TimeSpan RefreshLifetime { get; init; } = TimeSpan.FromDays(365);

    /// <summary>How long an access token counts, but those with which Firefox asks for Sync and the profile, which it may have for 6 hours. Default: 15 minutes.</summary>
    [Bounds(BoundsAttribute.Minute, BoundsAttribute.Minute * 15)]
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long access tokens are signed with one key. It is published for a day longer. Default: 90 days.</summary>
    [Bounds(BoundsAttribute.Minute, BoundsAttribute.Year * 10)]
    public TimeSpan SigningKeyLifetime { get; init; } = TimeSpan.FromDays(90);

    /// <summary>
    /// Wrong codes for an account in a day, of the second factor and of those that stand in; also codes by mail that do not fit. Those that anybody may send count for one address
    /// each, and for it ten times as many whatever the account. Default: 30.
    /// </summary>
    [Bounds(1, 100_000)]
    public int MaxGuessesPerDay { get; init; } = 30;

    /// <summary>
    /// Mails with a code for a forgotten password that one address may ask for in a day, for one account; for an account ten times as many, whoever asks. Also mails with a code that shows whose an address
    /// is, for an account in a day. Default: 10.
    /// </summary>
    [Bounds(1, 100_000)]
    public int MaxMailsPerDay { get; init; } = 10;

    /// <summary>Questions from one address in <c>Accounts:FailureWindow</c> whose answers could tell which accounts are there. Default: 100.</summary>
    [Bounds(1)]
    public int MaxLookups { get; init; } = 100;

    /// <summary>Sessions of an account. When there are more, those go first that were never used again, then those not used for longest. Default: 100.</summary>
    [Bounds(2, 10_000)]
    public int MaxSessions { get; init; } = 100;

    /// <summary>The same of refresh tokens; those of the client that has most of them go first. Default: 100.</summary>
    [Bounds(2, 10_000)]
    public int MaxRefreshTokens { get; init; } = 100;

    /// <summary>The same of access tokens. Default: 1,000.</summary>
    [Bounds(2, 100_000)]
    public int MaxAccessTokens { get; init; } = 1_000;

    /// <summary>The same of each kind of code and token that is good once. Default: 50.</summary>
    [Bounds(2, 1_000)]
    public int MaxCodes { get; init; } = 50;

    /// <summary>App passwords of an account: no more are made. Default: 50.</summary>
    [Bounds(0, 1_000)]
    public int MaxAppPasswords { get; init; } = 50;

    /// <summary>Bytes of what a device says of itself: more are refused. Default: 16 KiB.</summary>
    [Bounds(1 << 10, 1 << 20)]
    public int MaxDeviceBytes { get; init; } = 16 << 10;

    /// <summary>Commands that wait for a device; the oldest goes. Default: 100.</summary>
    [Bounds(1, 10_000)]
    public int MaxCommands { get; init; } = 100;

    /// <summary>Bytes of all commands that wait for an account's devices; the oldest go. Default: 4 MiB.</summary>
    [Bounds(64 << 10, 1 << 30)]
    public long MaxCommandBytes { get; init; } = 4L << 20;

    /// <summary>
    /// Whether passwords may also be stretched in the old form (1,000 rounds), and sign-in tells unknown accounts from wrong passwords. For tests of Firefox
    /// alone: whoever gets the database guesses 650 times as fast. Default: false.
    /// </summary>
    public bool OldStretch { get; init; }

    /// <summary>How mails leave. Default: not at all.</summary>
    public SmtpOptions Smtp { get; init; } = new();

    /// <summary>OAuth clients that are not built in, by their numbers from "1" on. Default: none.</summary>
    public IReadOnlyDictionary<string, OAuthClientOptions> Clients { get; init; } = new Dictionary<string, OAuthClientOptions>(StringComparer.Ordinal);

    /// <param name="isOn">Whether accounts are served.</param>
    /// <param name="publicUrl">The URL that clients use; null for what the request says.</param>
    /// <param name="pathBase">A path prefix; null for none.</param>
    /// <param name="onPostgres">Whether several servers may share the database.</param>
    /// <param name="urls">Where the server listens.</param>
    /// <returns>Problems that no declaration covers: what is wrong, and the fix.</returns>
    public IEnumerable<string> Problems(bool isOn, string? publicUrl, string? pathBase, bool onPostgres, string urls)
    {
        if (Key is { Length: < MinKeyLength })
        {
            // Not repeated: it is a secret.
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

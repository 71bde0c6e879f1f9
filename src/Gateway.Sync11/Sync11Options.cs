using Lockstep.Core.Settings;
using Lockstep.Gateway.Sync11.Captcha;
using Lockstep.Gateway.Sync11.Pairing;

namespace Lockstep.Gateway.Sync11;

/// <summary>Settings of Sync 1.1, the protocol of Pale Moon and Basilisk: users and their storage.</summary>
public sealed record Sync11Options
{
    private const int MinSecretLength = 32;

    /// <summary>Whether it is served. Default: false.</summary>
    public bool Enabled { get; init; }

    /// <summary>Who may make an account by the user API: <c>closed</c>, <c>open</c>, or <c>invitation</c>. Default: Closed.</summary>
    public Sync11Registration Registration { get; init; } = Sync11Registration.Closed;

    /// <summary>A secret of at least 32 characters. Clients that send it in <c>X-Weave-Secret</c> may make accounts, whatever <see cref="Registration"/> says. Default: none.</summary>
    [Secret]
    public string? SharedSecret { get; init; }

    /// <summary>Whether a user's name must be the hash of their address, as clients make it, so that nobody can choose a name. Default: true.</summary>
    public bool StrictUsernames { get; init; } = true;

    /// <summary>Requests from one address in <c>Accounts:FailureWindow</c> whose answers reveal which users exist. Default: 100.</summary>
    [Bounds(1)]
    public int MaxLookups { get; init; } = 100;

    /// <summary>Accounts that may be made from one address in a day where registration is open. Default: 50.</summary>
    [Bounds(1)]
    public int MaxRegistrationsPerDay { get; init; } = 50;

    /// <summary>Mails with a code for a new password that a user may be sent in a day. Default: 10.</summary>
    [Bounds(1)]
    public int MaxMailsPerDay { get; init; } = 10;

    /// <summary>Bytes of one record's payload. Default: 256 KiB.</summary>
    [Bounds(1)]
    public int MaxRecordPayloadBytes { get; init; } = 256 << 10;

    /// <summary>Records of a POST. Default: 100.</summary>
    [Bounds(1)]
    public int MaxPostRecords { get; init; } = 100;

    /// <summary>Bytes of all payloads of a POST. Default: 1 MiB.</summary>
    [Bounds(1)]
    public int MaxPostBytes { get; init; } = 1 << 20;

    /// <summary>
    /// Bytes of a request's body, also bounded by <c>Http:MaxRequestBytes</c>. Clients split their uploads by the number of records alone, and do not understand 413. So the limit is greater than
    /// <see cref="MaxPostBytes"/>, beyond which the answer names the records to send again. Default: 16 MiB.
    /// </summary>
    [Bounds(1)]
    public int MaxRequestBytes { get; init; } = 16 << 20;

    /// <summary>Bytes of payloads that a user may store; 0 for no limit. Default: 2,097,152,000.</summary>
    [Bounds(0)]
    public long QuotaBytes { get; init; } = 2_097_152_000;

    /// <summary>How long clients wait between two syncs; zero for no wait. Default: 0.</summary>
    [Bounds(0)]
    public TimeSpan Backoff { get; init; }

    /// <summary>
    /// A message that clients show their users, in printable ASCII. Pale Moon only shows <c>{"code":"soft-eol","url":"…","message":"…"}</c>. Default: none.
    /// </summary>
    public string? Alert { get; init; }

    public PairingOptions Pairing { get; init; } = new();

    public CaptchaOptions Captcha { get; init; } = new();

    /// <returns>Problems that no declaration covers: what is wrong, and how to fix it.</returns>
    public IEnumerable<string> Problems()
    {
        if (SharedSecret is { Length: < MinSecretLength })
        {
            // The secret is not repeated.
            yield return $"Sync11:SharedSecret has less than {MinSecretLength} characters. Make one with: openssl rand -hex 32";
        }

        if (MaxRecordPayloadBytes > MaxPostBytes)
        {
            yield return "Sync11:MaxPostBytes is less than Sync11:MaxRecordPayloadBytes, so that the largest records would be sent again and again. Raise it, or lower that.";
        }

        if (MaxPostBytes > MaxRequestBytes)
        {
            yield return "Sync11:MaxRequestBytes is less than Sync11:MaxPostBytes, so that clients would never hear what to send again. Raise it, or lower that.";
        }

        if (Alert is { } alert && alert.Any(static c => c is < ' ' or > '~'))
        {
            yield return "Sync11:Alert has characters that cannot be in a header. Use printable ASCII.";
        }
    }
}

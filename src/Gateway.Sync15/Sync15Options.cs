using System.Globalization;
using Lockstep.Core.Settings;
using Lockstep.Gateway.Sync15.TokenServer;

namespace Lockstep.Gateway.Sync15;

/// <summary>Settings of Firefox Sync 1.5: the storage, and TokenServer.</summary>
public sealed record Sync15Options
{
    /// <summary>
    /// Secrets that tokens are signed with, separated by commas: the first one signs, all are accepted. Anybody who has one can read and
    /// write everybody's data. Each has 32 characters at least. Default: none, and Sync is not served.
    /// </summary>
    [Secret]
    public string TokenSecrets { get; init; } = "";

    /// <summary>Bytes of one record's payload. Default: 2,621,440.</summary>
    [Bounds(1)]
    public int MaxRecordPayloadBytes { get; init; } = 2_621_440;

    /// <summary>Records of a POST. Default: 100.</summary>
    [Bounds(1)]
    public int MaxPostRecords { get; init; } = 100;

    /// <summary>Bytes of all payloads of a POST. Default: 2,621,440.</summary>
    [Bounds(1)]
    public int MaxPostBytes { get; init; } = 2_621_440;

    /// <summary>Bytes of a request's body, also bounded by <c>Http:MaxRequestBytes</c>. Default: 2,625,536.</summary>
    [Bounds(1)]
    public int MaxRequestBytes { get; init; } = 2_625_536;

    /// <summary>Records of a batch. Default: 10,000.</summary>
    [Bounds(1)]
    public int MaxTotalRecords { get; init; } = 10_000;

    /// <summary>Bytes of all payloads of a batch, which are held in memory when it is committed. Default: 32 MiB.</summary>
    [Bounds(1)]
    public long MaxTotalBytes { get; init; } = 32L << 20;

    /// <summary>Bytes of payloads that a user may store; 0 for no limit. Default: 2,097,152,000.</summary>
    [Bounds(0)]
    public long QuotaBytes { get; init; } = 2_097_152_000;

    /// <summary>The account server whose users come here. Default: none, and no tokens are given out.</summary>
    public IssuerOptions Issuer { get; init; } = new();

    /// <summary>Further account servers, numbered from "1". Default: none.</summary>
    public IReadOnlyDictionary<string, IssuerOptions> Issuers { get; init; } = new Dictionary<string, IssuerOptions>(StringComparer.Ordinal);

    /// <summary>Who gets a new store: nobody, everybody with an account, or users who are listed or invited. Default: Closed.</summary>
    public SyncRegistration Registration { get; init; } = SyncRegistration.Closed;

    /// <summary>How long a token is valid. Default: 1 hour.</summary>
    [Bounds(BoundsAttribute.Minute)]
    public TimeSpan TokenDuration { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long an account server may take to answer. Default: 5 seconds.</summary>
    [Bounds(BoundsAttribute.Millisecond, BoundsAttribute.Minute)]
    public TimeSpan IssuerTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>URL of the proxy through which account servers are reached. Default: none; then <c>HTTPS_PROXY</c> of the environment counts.</summary>
    public string? Proxy { get; init; }

    /// <summary>The secret for the ids under which clients report measurements. Default: none; then the database's own secret is used.</summary>
    [Secret]
    public string? MetricsSecret { get; init; }

    /// <summary>The part of a node's capacity that is released at a time for new stores. Default: 0.1.</summary>
    [Bounds(0.001, 1)]
    public double NodeReleaseRate { get; init; } = 0.1;

    /// <summary>How long the data of a replaced store is kept; of each user only that of the last such store. Default: 7 days.</summary>
    [Bounds(0, BoundsAttribute.Year)]
    public TimeSpan ReplacedRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Whether Sync is served.</summary>
    public bool IsOn => TokenSecrets.Length > 0;

    /// <summary>Whether tokens are given out.</summary>
    public bool GivesTokens => IsOn && (Issuer.IsOn || HasOwnIssuer);

    /// <summary>Whether this server has its own accounts, all of which may sync. Not a setting: it follows from the settings of accounts.</summary>
    public bool HasOwnIssuer { get; private init; }

    /// <summary>The options with accounts of this server.</summary>
    /// <param name="secret">Signs tokens where no secret is set.</param>
    public Sync15Options WithOwnIssuer(string secret) => this with { HasOwnIssuer = true, TokenSecrets = IsOn ? TokenSecrets : secret };

    /// <summary>The secrets, the one that signs first.</summary>
    public IReadOnlyList<string> Secrets() => TokenSecrets.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>All account servers, the main one first.</summary>
    public IEnumerable<IssuerOptions> AllIssuers() => Issuers.Values.Prepend(Issuer).Where(static issuer => issuer.IsOn);

    /// <returns>Problems that no declaration covers: what is wrong, and the fix.</returns>
    public IEnumerable<string> Problems()
    {
        foreach (var problem in Issuer.Problems("Sync15:Issuer"))
        {
            yield return problem;
        }

        for (var number = 1; number <= Issuers.Count; number++)
        {
            var setting = string.Create(CultureInfo.InvariantCulture, $"Sync15:Issuers:{number}");
            if (!Issuers.TryGetValue(number.ToString(CultureInfo.InvariantCulture), out var issuer) || !issuer.IsOn)
            {
                yield return $"{setting}:Name is not set. Further account servers are numbered 1, 2, 3 and so on without a gap, and Sync15:Issuer comes before them.";
                continue;
            }

            foreach (var problem in issuer.Problems(setting))
            {
                yield return problem;
            }
        }

        if (Issuers.Count > 0 && !Issuer.IsOn)
        {
            yield return "Sync15:Issuers is set and Sync15:Issuer:Name is not. The latter is the first account server.";
        }

        if (Issuer.IsOn && !IsOn)
        {
            yield return "Sync15:Issuer is set and Sync15:TokenSecrets is not. Tokens are signed with it; make one with: openssl rand -hex 32";
        }

        if (AllIssuers().GroupBy(static issuer => issuer.Name, StringComparer.Ordinal).FirstOrDefault(static group => group.Count() > 1) is { } twice)
        {
            yield return $"Two account servers have the name '{twice.Key}'. By it their users are told apart.";
        }

        if (AllIssuers().Count(static issuer => issuer.Complete().VerifyUrl is not null) > 1)
        {
            yield return "More than one account server has a VerifyUrl. A token that is not signed does not say whose it is; so only one can be asked.";
        }

        if (Proxy is not null && !(Uri.TryCreate(Proxy, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https"))
        {
            // Not repeated, since it may contain a password.
            yield return "Sync15:Proxy is no URL. Use something like http://proxy.example.org:3128.";
        }
    }
}

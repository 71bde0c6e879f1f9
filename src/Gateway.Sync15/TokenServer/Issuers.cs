using Lockstep.Gateway.Federation;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>All account servers whose tokens are accepted.</summary>
internal sealed class Issuers(Sync15Options options, OtherServerClient http, TimeProvider time, ILogger<RemoteVerifier> logger)
{
    private readonly Dictionary<string, Issuer> byName =
        options.AllIssuers().Select(static issuer => issuer.Complete()).ToDictionary(static issuer => issuer.Name, issuer => Make(issuer, http, time, logger), StringComparer.Ordinal);

    /// <summary>The issuer that is asked about tokens that do not name theirs; null for none.</summary>
    public Issuer? Remote => byName.Values.FirstOrDefault(static issuer => issuer.Remote is not null);

    /// <returns>Null when there is no issuer of that name.</returns>
    public Issuer? Find(string? name) => name is null ? null : byName.GetValueOrDefault(name);

    private static Issuer Make(IssuerOptions issuer, OtherServerClient http, TimeProvider time, ILogger<RemoteVerifier> logger)
    {
        Func<Task<ReadOnlyMemory<byte>>>? read = issuer switch
        {
            { KeysFile: { } file } => async () => await File.ReadAllBytesAsync(file),
            { JwksUrl: { } url } => async () => await http.SendAsync(HttpMethod.Get, url, json: null, CancellationToken.None) is ({ } status, var body) && (int)status == 200
                ? body
                : throw new HttpRequestException("No keys."),
            _ => null,
        };
        return new Issuer(
            issuer,
            read is null ? null : new IssuerKeys(read, [IssuerKeys.Rs256], time),
            issuer.VerifyUrl is { } verify ? new RemoteVerifier(issuer.Name, verify, http, new RefusedTokens(time), new CircuitBreaker(time), logger) : null);
    }
}

using System.Globalization;
using System.Security.Cryptography;
using Lockstep.Gateway.Health;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.Sync15.TokenServer;
using Lockstep.Gateway.SyncStorage;
using Lockstep.Gateway.Syncto.Storage;

namespace Lockstep.Gateway.Syncto.Opening;

/// <summary>Opens this server's storages, by the rules of its TokenServer; one that lies on another node is asked there, with a token for it.</summary>
internal sealed class LocalAccess(
    VerifiedTokens tokens,
    StorageAccess access,
    TokenSigner signer,
    BucketCalls owners,
    RemoteClient client,
    StorageCheck health,
    Sync15Options sync,
    SynctoOptions options,
    TimeProvider time) : IStorageAccess
{
    private const int TokenSeconds = 300;
    private const int SaltBytes = 3;

    public async ValueTask<(ISyncStorage? Storage, SynctoResponse? Error)> OpenAsync(
        SynctoRequest request, Credentials credentials, CancellationToken cancellationToken)
    {
        var verdict = await tokens.VerifyAsync(credentials.Token, request.Address, request.ServerUrl, cancellationToken);
        if (verdict is not TokenVerdict.Accepted { User: var user })
        {
            return (null, verdict is TokenVerdict.Unavailable ? SynctoErrors.Unavailable : SynctoErrors.Of(TokenError.InvalidCredentials));
        }

        var (found, error) = await access.FindAsync(user, credentials.KeyId, credentials.ClientState, cancellationToken);
        return found is null ? (null, SynctoErrors.Of(error!))
            : found.NodeUrl is { } node && !string.Equals(node.TrimEnd('/'), request.ServerUrl, StringComparison.Ordinal)
            ? (new RemoteStorage(client, Token(found, node), Agent(request), request.Address, forget: null), null)
            : (new LocalStorage(found.Principal, owners, sync, options), null);
    }

    public async ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) => await health.IsHealthyAsync(cancellationToken);

    private static string Agent(SynctoRequest request) => request.Header("User-Agent") ?? "";

    /// <summary>For a node that has the same secret.</summary>
    private HawkCredentials Token(StoreFound found, string node)
    {
        var token = new SyncToken(found.Store.Number, time.GetUtcNow().ToUnixTimeSeconds() + TokenSeconds, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SaltBytes)))
        {
            Node = node,
            AccountId = found.Store.User.Subject,
            QuotaBytes = found.Store.QuotaBytes,
        };
        var (id, key) = signer.Sign(token);
        return new HawkCredentials(id, key, string.Create(CultureInfo.InvariantCulture, $"{node.TrimEnd('/')}/1.5/{found.Store.Number}"));
    }
}

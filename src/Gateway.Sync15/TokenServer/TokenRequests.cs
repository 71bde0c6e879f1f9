using System.Globalization;
using System.Security.Cryptography;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>
/// Gives out tokens for the storage. The order of checks is the protocol's: scheme, access token, <c>X-KeyID</c>, application and version,
/// then the user.
/// </summary>
internal sealed class TokenRequests(
    TokenVerifier verifier, UserStores stores, TokenSigner signer, HashedIds hashes, Engine engine, HttpOptions http, Sync15Options options, TimeProvider time)
{
    private const int SaltBytes = 3;

    public async ValueTask<Answer> GetAsync(ProtocolRequest request, string? invitation, CancellationToken cancellationToken)
    {
        var (token, error) = BearerToken.Of(request);
        if (token is null)
        {
            return TokenAnswers.Of(error!);
        }

        var audience = PublicUrls.Base(request.Http.Request, http) + TokenResources.OldPrefix;
        var verdict = await verifier.VerifyAsync(token, request.Who, audience, cancellationToken);
        if (verdict is not TokenVerdict.Accepted { User: var user })
        {
            return TokenAnswers.Of(verdict is TokenVerdict.Unavailable ? TokenError.NotNow : TokenError.InvalidCredentials);
        }

        var headers = request.Http.Request.Headers;
        (var key, error) = KeyId.Parse(
            headers.TryGetValue("X-KeyID", out var keyId) ? keyId.ToString() : null, headers.TryGetValue("X-Client-State", out var state) ? state.ToString() : null);
        if (key is null)
        {
            return TokenAnswers.Of(error!);
        }

        if (request.Values["app"] is not "sync")
        {
            return TokenAnswers.Of(TokenError.NoSuchApplication);
        }

        if (request.Values["version"] is not "1.5" and var version)
        {
            return TokenAnswers.Of(TokenError.NoSuchVersion(version));
        }

        (var found, error) = await stores.FindAsync(user, key, invitation, cancellationToken);
        return found is null ? TokenAnswers.Of(error!) : Give(request, found);
    }

    private Answer Give(ProtocolRequest request, StoreFound found)
    {
        var (store, keys) = (found.Store, found.Store.Keys);
        var node = found.NodeUrl ?? PublicUrls.Base(request.Http.Request, http);
        var seconds = Duration(request);
        var account = hashes.OfAccount(store.User.Subject);
        var (id, key) = signer.Sign(
            new SyncToken(store.Number, time.GetUtcNow().ToUnixTimeSeconds() + seconds, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SaltBytes)))
            {
                Node = node,
                AccountId = store.User.Subject,
                KeyId = KeyId.Text(keys.KeysChangedAt > 0 ? keys.KeysChangedAt : keys.Generation, keys.Fingerprint),
                HashedAccountId = account,
                HashedDeviceId = hashes.OfDevice(account),
                QuotaBytes = store.QuotaBytes,
            });
        return TokenAnswers.Object(200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("id", id);
            writer.WriteString("key", key);
            writer.WriteNumber("uid", store.Number);
            writer.WriteString("api_endpoint", $"{node}{SyncProtocol.Prefix}/{store.Number}");
            writer.WriteNumber("duration", seconds);
            writer.WriteString("hashed_fxa_uid", account);
            writer.WriteString("hashalg", "sha256");
            writer.WriteString("node_type", engine.Name);
            writer.WriteEndObject();
        });
    }

    /// <summary>The requested duration, if it is shorter than the usual one.</summary>
    private long Duration(ProtocolRequest request)
    {
        var most = (long)options.TokenDuration.TotalSeconds;
        return request.Query.TryGetOnly("duration", out var asked) && ulong.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= (ulong)most
            ? (long)seconds
            : most;
    }
}

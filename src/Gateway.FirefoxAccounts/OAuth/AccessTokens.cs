using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Secrets;

namespace Lockstep.Gateway.FirefoxAccounts.OAuth;

/// <summary>
/// Gives out access tokens (RFC 9068: JWT, RS256) and finds them again. Anybody can verify one by the published keys. Here a token is valid while its digest
/// is stored. So it ends at once with the session or refresh token that it came from, or when it is destroyed.
/// </summary>
internal sealed class AccessTokens(IKeyedAccountStore store, SigningKeys keys, FirefoxAccountOptions options, TimeProvider time) : IAccessTokens
{
    private const int MaxLength = 8192;
    private const int IdBytes = 16;
    private static readonly TimeSpan Longest = TimeSpan.FromHours(6);

    /// <param name="origin">The URL of this server.</param>
    /// <param name="account">The account that it is for.</param>
    /// <param name="client">The client that gets it.</param>
    /// <param name="scopes">Its scopes.</param>
    /// <param name="ttl">The lifetime that the client asked for, in seconds; null for none.</param>
    /// <param name="parent">Digest of the token that it comes from.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The token, its stored form, and its lifetime in seconds.</returns>
    public async ValueTask<(string Text, AccountToken Token, long Seconds)> MakeAsync(
        string origin, KeyedAccount account, OAuthClient client, IReadOnlyList<string> scopes, long? ttl, string parent, CancellationToken cancellationToken)
    {
        var most = (long)(client.IsBuiltIn && Scopes.AreOfFirefox(scopes) ? Longest : options.AccessTokenLifetime).TotalSeconds;
        var seconds = Math.Clamp(ttl ?? (long)options.AccessTokenLifetime.TotalSeconds, 1, most);
        var now = ServerTimestamp.Now(time);
        var issued = now.Milliseconds / 1000;
        var audiences = Scopes.Audiences(origin, scopes);
        var key = await keys.CurrentAsync(cancellationToken);
        var header = Encode(writer =>
        {
            writer.WriteString("alg", "RS256");
            writer.WriteString("typ", "at+jwt");
            writer.WriteString("kid", key.Id);
        });
        var payload = Encode(writer =>
        {
            writer.WriteString("iss", origin);
            if (audiences.Count == 1)
            {
                writer.WriteString("aud", audiences[0]);
            }
            else
            {
                writer.WriteStartArray("aud");
                foreach (var audience in audiences)
                {
                    writer.WriteStringValue(audience);
                }

                writer.WriteEndArray();
            }

            writer.WriteString("sub", account.Uid);
            writer.WriteString("client_id", client.Id);
            writer.WriteString("scope", Scopes.Join(scopes));
            writer.WriteNumber("iat", issued);
            writer.WriteNumber("exp", issued + seconds);
            writer.WriteString("jti", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)));
            writer.WriteNumber("fxa-generation", account.Generation);
        });
        var signed = $"{header}.{payload}";
        var text = $"{signed}.{Base64Url.EncodeToString(key.Rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
        var token = new AccountToken(TokenSecret.DigestOf(text), AccountTokenKind.Access, account.Account.Number)
        {
            Parent = parent,
            Client = client.Id,
            Scope = Scopes.Join(scopes),
            Data = string.Join(' ', audiences),
            Created = now,
            Expires = new ServerTimestamp((issued + seconds) * 1000),
            Used = now,
        };
        return (text, token, seconds);
    }

    /// <returns>Null if it is not one of ours, or has expired.</returns>
    public async ValueTask<FoundToken?> FindAsync(string token, CancellationToken cancellationToken) =>
        token.Length is > 0 and <= MaxLength
        && await store.FindTokenAsync(TokenSecret.DigestOf(token), ServerTimestamp.Now(time), cancellationToken) is { Token.Kind: AccountTokenKind.Access } found
            ? found
            : null;

    public async ValueTask<AccessToken?> FindAsync(string token, string audience, CancellationToken cancellationToken) =>
        await FindAsync(token, cancellationToken) is { } found && found.Token.Data.Split(' ').Contains(audience, StringComparer.Ordinal)
            ? new AccessToken(found.Account, Scopes.Split(found.Token.Scope))
            : null;

    private static string Encode(Action<Utf8JsonWriter> write)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return Base64Url.EncodeToString(output.WrittenSpan);
    }
}

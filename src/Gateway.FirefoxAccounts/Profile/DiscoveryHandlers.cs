using System.Buffers.Text;
using System.Text.Json;
using Lockstep.Gateway.FirefoxAccounts.OAuth;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts.Profile;

/// <summary>The documents that tell clients where everything else is.</summary>
internal sealed class DiscoveryHandlers(SigningKeys keys)
{
    public static ValueTask<Answer> ClientConfigurationAsync(AccountRequest request, CancellationToken cancellationToken) => new(AccountAnswers.Object(writer =>
    {
        var origin = request.Origin;
        writer.WriteString("auth_server_base_url", origin + "/auth");
        writer.WriteString("oauth_server_base_url", origin + "/auth");
        writer.WriteString("profile_server_base_url", origin + "/profile");
        writer.WriteString("sync_tokenserver_base_url", origin + "/token");
    }));

    public static ValueTask<Answer> OpenIdConfigurationAsync(AccountRequest request, CancellationToken cancellationToken) => new(AccountAnswers.Object(writer =>
    {
        var origin = request.Origin;
        writer.WriteString("issuer", origin);
        writer.WriteString("authorization_endpoint", origin + "/authorization");
        writer.WriteString("token_endpoint", origin + "/auth/v1/oauth/token");
        writer.WriteString("revocation_endpoint", origin + "/auth/v1/oauth/destroy");
        writer.WriteString("introspection_endpoint", origin + "/auth/v1/introspect");
        writer.WriteString("userinfo_endpoint", origin + "/profile/v1/profile");
        writer.WriteString("jwks_uri", origin + "/auth/v1/jwks");
        WriteList(writer, "response_types_supported", ["code"]);
        WriteList(writer, "response_modes_supported", ["query"]);
        WriteList(writer, "grant_types_supported", ["authorization_code", "refresh_token"]);
        WriteList(writer, "subject_types_supported", ["public"]);
        WriteList(writer, "code_challenge_methods_supported", ["S256"]);
        WriteList(writer, "token_endpoint_auth_methods_supported", ["none"]);
        WriteList(writer, "scopes_supported", Scopes.All);
    }));

    public async ValueTask<Answer> KeysAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var all = await keys.AllAsync(cancellationToken);
        return AccountAnswers.Object(
            writer =>
            {
                writer.WriteStartArray("keys");
                foreach (var key in all)
                {
                    var parameters = key.Rsa.ExportParameters(includePrivateParameters: false);
                    writer.WriteStartObject();
                    writer.WriteString("kty", "RSA");
                    writer.WriteString("alg", "RS256");
                    writer.WriteString("use", "sig");
                    writer.WriteString("kid", key.Id);
                    writer.WriteString("n", Base64Url.EncodeToString(parameters.Modulus));
                    writer.WriteString("e", Base64Url.EncodeToString(parameters.Exponent));
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            });
    }

    private static void WriteList(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }
}

using System.Buffers.Text;
using System.Text.Json;
using Lockstep.Core.Records;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Lockstep.Gateway.Federation;

/// <summary>A JWT as it came. Nothing of it is believed before its signature was checked.</summary>
public sealed class SignedToken
{
    private SignedToken(JsonWebToken jwt) => Jwt = jwt;

    internal JsonWebToken Jwt { get; }

    /// <summary>What its header says it is, without <c>application/</c>; empty where it says nothing.</summary>
    public string Type
    {
        get
        {
            const string media = "application/";
            var type = Jwt.Typ ?? "";
            return type.StartsWith(media, StringComparison.OrdinalIgnoreCase) ? type[media.Length..] : type;
        }
    }

    /// <summary>Whether its header asks for what is not known here (RFC 7515, 4.1.11).</summary>
    public bool IsCritical => Jwt.TryGetHeaderValue<object>("crit", out _);

    /// <returns>Null when it has not the form of one that is signed.</returns>
    public static SignedToken? Parse(string token)
    {
        try
        {
            return token.Count(static c => c == '.') == 2 ? new SignedToken(new JsonWebToken(token)) : null;
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenMalformedException or FormatException or JsonException)
        {
            return null;
        }
    }

    /// <returns>Its claims, an object; null when they are none. To be disposed.</returns>
    public JsonDocument? ReadClaims()
    {
        try
        {
            var document = JsonText.Parse(Base64Url.DecodeFromChars(Jwt.EncodedPayload));
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }
}

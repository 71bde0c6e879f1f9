using System.Buffers.Text;
using System.Text.Json;
using Lockstep.Core.Records;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Lockstep.Gateway.Federation;

/// <summary>A JWT as it was received. Nothing in it is trusted before its signature is checked.</summary>
public sealed class SignedToken
{
    private SignedToken(JsonWebToken jwt) => Jwt = jwt;

    internal JsonWebToken Jwt { get; }

    /// <summary>The type in its header, without <c>application/</c>; empty where there is none.</summary>
    public string Type
    {
        get
        {
            const string media = "application/";
            var type = Jwt.Typ ?? "";
            return type.StartsWith(media, StringComparison.OrdinalIgnoreCase) ? type[media.Length..] : type;
        }
    }

    /// <summary>Whether its header requires extensions that this server does not know (RFC 7515, 4.1.11).</summary>
    public bool IsCritical => Jwt.TryGetHeaderValue<object>("crit", out _);

    /// <returns>Null when it does not have the form of a signed token.</returns>
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

    /// <returns>Its claims, an object; null when they are not one. The caller disposes it.</returns>
    public ParsedJson? ReadClaims()
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

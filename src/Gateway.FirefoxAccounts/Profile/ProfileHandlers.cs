using System.Buffers;
using System.Text;
using Lockstep.Gateway.FirefoxAccounts.OAuth;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.Pipeline;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.FirefoxAccounts.Profile;

/// <summary>Tells clients about an account's owner, as far as their token's scopes allow.</summary>
internal sealed class ProfileHandlers(AccessTokens access)
{
    private const string Bearer = "Bearer ";

    private static readonly byte[] Avatar = Encoding.UTF8.GetBytes(
        """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#5b5b66"/><circle cx="32" cy="25" r="12" fill="#fbfbfe"/><path d="M10 62a22 20 0 0 1 44 0z" fill="#fbfbfe"/></svg>""");

    public async ValueTask<Answer> ProfileAsync(AccountRequest request, CancellationToken cancellationToken)
    {
        var header = request.Inner.Http.Request.Headers.Authorization.ToString();
        var token = header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? await access.FindAsync(header[Bearer.Length..].Trim(), request.Origin + "/profile", cancellationToken)
            : null;
        if (token is null)
        {
            return AccountAnswers.Of(AccountError.NoCredential);
        }

        var account = token.Account;
        var tellsAll = token.Scopes.Contains(Scopes.Profile, StringComparer.Ordinal) || token.Scopes.Contains("profile:write", StringComparer.Ordinal);
        var tellsEmail = tellsAll || token.Scopes.Contains("profile:email", StringComparer.Ordinal);
        var tag = TokenSecret.DigestOf($"{account.Uid} {account.Email} {account.IsTotpOn} {tellsAll} {tellsEmail}")[..32];
        if (request.Inner.Http.Request.Headers.IfNoneMatch.Any(match => string.Equals(match?.Replace("W/", "", StringComparison.Ordinal).Trim('"'), tag, StringComparison.Ordinal)))
        {
            return new Answer(304) { Headers = [KeyValuePair.Create(HeaderNames.ETag, $"\"{tag}\"")] };
        }

        return AccountAnswers.Object(
            writer =>
            {
                writer.WriteString("uid", account.Uid);
                writer.WriteString("sub", account.Uid);
                if (tellsEmail)
                {
                    writer.WriteString("email", account.Email);
                }

                if (tellsAll)
                {
                    writer.WriteString("locale", "en");
                    writer.WriteStartArray("amrValues");
                    writer.WriteStringValue("pwd");
                    writer.WriteStringValue("email");
                    writer.WriteEndArray();
                    writer.WriteBoolean("twoFactorAuthentication", account.IsTotpOn);
                    writer.WriteString("avatar", request.Origin + "/profile/v1/avatar/default");
                    writer.WriteBoolean("avatarDefault", true);
                }
            },
            KeyValuePair.Create(HeaderNames.ETag, $"\"{tag}\""));
    }

    public static ValueTask<Answer> AvatarAsync(AccountRequest request, CancellationToken cancellationToken) => new(new Answer(200)
    {
        Headers = [KeyValuePair.Create("Content-Type", "image/svg+xml"), KeyValuePair.Create("Cache-Control", "max-age=86400")],
        Body = static output => output.Write(Avatar),
        Length = Avatar.Length,
    });
}

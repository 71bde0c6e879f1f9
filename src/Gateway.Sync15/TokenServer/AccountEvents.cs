using System.Text.Json;
using Lockstep.Core.Assignments;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Receives events of an account server: an account was deleted, or its password changed. Ignores other events.</summary>
internal sealed class AccountEvents(TokenVerifier verifier, UserStores stores)
{
    private const string Schema = "https://schemas.accounts.firefox.com/event/";

    public async ValueTask<Answer> PostAsync(ProtocolRequest request, CancellationToken cancellationToken)
    {
        var (token, error) = BearerToken.Of(request);
        if (token is null)
        {
            return TokenAnswers.Of(error!);
        }

        var (fault, happened) = await verifier.VerifyEventAsync(token, request.Who, Read, cancellationToken);
        if (happened is null)
        {
            return TokenAnswers.Of(fault is TokenVerdict.Unavailable ? TokenError.NotNow : TokenError.InvalidCredentials);
        }

        var isDone = (!happened.IsDeleted || await stores.RetireAsync(happened.User, cancellationToken))
            && (happened.PasswordChanged is not { } generation || await stores.RaiseAsync(happened.User, generation, cancellationToken));
        return isDone ? new Answer(200) : TokenAnswers.Of(TokenError.NotNow);
    }

    private static Happened? Read(Issuer issuer, JsonElement claims)
    {
        if (TokenClaims.Read(claims, "sub", "") is not { } about
            || !claims.TryGetProperty("events", out var events) || events.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        // A token signed in the same millisecond as the change was signed with the new password.
        long? changed = events.TryGetProperty(Schema + "password-change", out var change) && change.ValueKind == JsonValueKind.Object
            && change.TryGetProperty("changeTime", out var at) && at.ValueKind == JsonValueKind.Number && at.TryGetInt64(out var time)
            && time is > 1 and <= VerifiedUser.MaxNumber ? time - 1 : null;
        return new Happened(issuer.User(about.Subject), events.TryGetProperty(Schema + "delete-user", out _), changed);
    }

    /// <param name="User">The user of the event.</param>
    /// <param name="IsDeleted">The account is gone.</param>
    /// <param name="PasswordChanged">The least generation of valid tokens; null where the password has not changed.</param>
    private sealed record Happened(UserIdentity User, bool IsDeleted, long? PasswordChanged);
}

using System.Text.Json;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.FirefoxAccounts.Sessions;

/// <summary>Makes tokens that have a Hawk key, and the answer that tells a client about a new session.</summary>
internal sealed class SessionTokens(AccountKey key, FirefoxAccountOptions options, TimeProvider time)
{
    /// <summary>How long keys can be fetched.</summary>
    public static readonly TimeSpan KeyFetchLifetime = TimeSpan.FromMinutes(5);

    /// <summary>How long a change or a reset that was begun can be finished.</summary>
    public static readonly TimeSpan ChangeLifetime = TimeSpan.FromMinutes(15);

    /// <param name="account">The number of the account.</param>
    /// <param name="isVerified">Whether the session has shown everything that it must.</param>
    /// <param name="userAgent">The user agent of the client.</param>
    /// <param name="hasShownFactor">Whether the session has shown a second factor. Then it counts as used.</param>
    public (TokenSecret Secret, AccountToken Token) Session(long account, bool isVerified, string userAgent, bool hasShownFactor = false)
    {
        var data = new SessionData(isVerified, time.GetUtcNow().ToUnixTimeSeconds(), userAgent).Write();
        var (secret, token) = Make(AccountTokenKind.Session, account, options.SessionLifetime, parent: null, data);
        return (secret, hasShownFactor ? token with { Used = UsedAfter(token) } : token);
    }

    /// <summary>
    /// The time of use of a session that has just shown the second factor, so that it counts as used. Uses of other sessions are not noted until they are verified:
    /// somebody who only has the password can make as many sessions as they like, and when there are too many, those that were never used end first.
    /// </summary>
    public ServerTimestamp UsedAfter(AccountToken session) => ServerTimestamp.Max(ServerTimestamp.Now(time), session.Created.Plus(1));

    /// <param name="account">The account whose keys are fetched.</param>
    /// <param name="password">Opens the keys.</param>
    /// <param name="session">Digest of the session that it belongs to.</param>
    /// <exception cref="InvalidDataException">The password is right but does not open the key.</exception>
    public (TokenSecret Secret, AccountToken Token) KeyFetch(KeyedAccount account, StretchedPassword password, string session) => KeyFetch(
        account.Account.Number, account.Uid, password.Unwrap(account.Uid, account.WrappedKey) ?? throw new InvalidDataException("An account's key does not open with its password."), session);

    public (TokenSecret Secret, AccountToken Token) KeyFetch(long account, string uid, ReadOnlySpan<byte> wrapped, string session)
    {
        var secret = TokenSecret.New(AccountTokenKind.KeyFetch);
        return Make(secret, AccountTokenKind.KeyFetch, account, KeyFetchLifetime, session, KeyBundle.Of(secret.BundleKey, key.Mac("first key", uid), wrapped));
    }

    public (TokenSecret Secret, AccountToken Token) Make(AccountTokenKind kind, long account, TimeSpan lifetime, string? parent, string data) =>
        Make(TokenSecret.New(kind), kind, account, lifetime, parent, data);

    /// <summary>A token that is a text without a key.</summary>
    public AccountToken Plain(AccountTokenKind kind, string digest, long account, TimeSpan lifetime, string? parent, string data)
    {
        var now = ServerTimestamp.Now(time);
        return new AccountToken(digest, kind, account) { Parent = parent, Data = data, Created = now, Expires = now.Plus((long)lifetime.TotalMilliseconds), Used = now };
    }

    /// <summary>Tells a client about a session.</summary>
    /// <param name="account">The account of the session.</param>
    /// <param name="data">The data of the session.</param>
    /// <param name="session">Null if the client already has it.</param>
    /// <param name="keyFetch">Null if the client did not ask for keys.</param>
    public static Answer Answer(KeyedAccount account, SessionData data, TokenSecret? session, TokenSecret? keyFetch) => AccountAnswers.Object(writer =>
    {
        writer.WriteString("uid", account.Uid);
        writer.WriteString("email", account.Email);
        if (session is not null)
        {
            writer.WriteString("sessionToken", session.Text);
        }

        if (keyFetch is not null)
        {
            writer.WriteString("keyFetchToken", keyFetch.Text);
        }

        writer.WriteNumber("authAt", data.SignedIn);
        WriteState(writer, account, data);
        if (!account.IsEmailVerified || !data.IsVerified)
        {
            writer.WriteString("verificationMethod", account.IsEmailVerified ? "totp-2fa" : "email-otp");
            writer.WriteString("verificationReason", account.IsEmailVerified ? "login" : "signup");
        }

        writer.WriteBoolean("metricsEnabled", false);
    });

    public static void WriteState(Utf8JsonWriter writer, KeyedAccount account, SessionData data)
    {
        writer.WriteBoolean("verified", account.IsEmailVerified && data.IsVerified);
        writer.WriteBoolean("emailVerified", account.IsEmailVerified);
        writer.WriteBoolean("sessionVerified", data.IsVerified);
    }

    private (TokenSecret Secret, AccountToken Token) Make(TokenSecret secret, AccountTokenKind kind, long account, TimeSpan lifetime, string? parent, string data)
    {
        var digest = TokenSecret.DigestOf(secret.Id);
        return (secret, Plain(kind, digest, account, lifetime, parent, data) with { Sealed = key.Seal(Credentials.PurposeOf(digest), secret.Key) });
    }
}

using System.Buffers.Text;
using System.Text;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Sync11;

/// <summary>Logs credentials that cannot be valid, before anything is looked up. It decides nothing: the scheme decides who may come in.</summary>
internal sealed class CredentialAudit(AuditTrail trail)
{
    private const string Basic = "Basic ";

    public bool IsOn => trail.IsOn;

    /// <param name="request">A request.</param>
    /// <param name="match">The resource that it is for; null for none.</param>
    public void Look<THandler>(HttpRequest request, ResourceMatch<THandler>? match)
    {
        if (trail.IsOn && match?.Resource.Find(request.Method) is { Access: Access.SignedIn } && Problem(request.Headers.Authorization.ToString(), match.Values["username"]) is { } what)
        {
            trail.Write(what, AuditSource.Of(request, match.Values["username"]));
        }
    }

    /// <summary>Logs the outcome of a request for a new password: wrong codes, deleted codes, and, without a code, invalid credentials that were not looked up.</summary>
    /// <param name="request">A request of the user API.</param>
    /// <param name="access">Who may make the request. Requests that only users may make are logged earlier.</param>
    /// <param name="user">The user that the path names.</param>
    /// <param name="answer">The answer to it.</param>
    public void Look(HttpRequest request, Access access, string user, Answer answer)
    {
        // The answer to a weak password is a text.
        var hasCode = request.Headers.ContainsKey("X-Weave-Password-Reset");
        var isWrongCode = answer.Status == 400 && hasCode && answer.Headers.Contains(KeyValuePair.Create("Content-Type", WeaveAnswers.Json));
        var isCleared = answer.Status == 200 && request.Method == "DELETE" && request.Path.Value?.TrimEnd('/').EndsWith("/password_reset", StringComparison.Ordinal) == true;
        if (trail.IsOn && (isWrongCode || isCleared))
        {
            trail.Write(isCleared ? AuditEvents.ResetCleared : AuditEvents.WrongResetCode, AuditSource.Of(request, user));
        }

        if (trail.IsOn && answer.Status == 401 && access == Access.Anonymous && !hasCode && Problem(request.Headers.Authorization.ToString(), user) is { } what)
        {
            trail.Write(what, AuditSource.Of(request, user));
        }
    }

    private static AuditEvent? Problem(string header, string user)
    {
        if (header.Length == 0)
        {
            return AuditEvents.NoAuthorization;
        }

        if (!header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            return AuditEvents.UnknownScheme;
        }

        return PasswordSignIn.Read(header) is not var (name, _) ? AuditEvents.BadlyEncoded
            : !IsUtf8(header) ? AuditEvents.PasswordNotUtf8
            : !UserName.IsValid(name) ? AuditEvents.ImpossibleUser
            : name != user ? AuditEvents.OtherUser
            : null;
    }

    private static bool IsUtf8(string header)
    {
        var encoded = header.AsSpan(Basic.Length).Trim();
        return Base64.IsValid(encoded) && System.Text.Unicode.Utf8.IsValid(Convert.FromBase64String(encoded.ToString()));
    }
}

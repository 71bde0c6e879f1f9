using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Sync11.Users;

namespace Lockstep.Gateway.Sync11.Pages;

/// <summary>The actions of the pages.</summary>
internal sealed class FormHandlers(PasswordResets resets, AccountHandlers accounts, UserScheme users, AuditTrail audit)
{
    /// <summary>With only a name or an address, mails a code. With a code and the password twice, sets the password.</summary>
    public async ValueTask<Answer> ResetAsync(FormRequest form, CancellationToken cancellationToken)
    {
        var names = UserName.Meant(form["username"].Trim());
        if (form["username"].Trim().Length == 0)
        {
            return FormAnswers.Of(400, "no-username", "Username not provided");
        }

        if (form["key"].Length == 0 && form["password"].Length == 0)
        {
            var (mailed, stopped) = await resets.MailCodeAsync(names, form.Address, cancellationToken);
            return stopped ?? (mailed is ResetResult.Done ? FormAnswers.Of(200, "mailed", "A code was mailed. Please use it within the next 6 hours.") : Of(mailed));
        }

        if (form["password"].Length == 0)
        {
            return FormAnswers.Of(400, "no-password", "Password not provided");
        }

        if (!string.Equals(form["password"], form["confirm"], StringComparison.Ordinal))
        {
            return FormAnswers.Of(400, "passwords-differ", "Password and confirmation do not match");
        }

        if (names.Any(name => NewUser.IsWeak(form["password"], name)))
        {
            return Of(ResetResult.WeakPassword);
        }

        var (result, refusal) = await resets.UseCodeAsync(names, form["key"].Trim().ToUpperInvariant(), form["password"], form.Address, form.Who, cancellationToken);
        if (result is ResetResult.WrongCode)
        {
            audit.Write(AuditEvents.WrongResetCode, form.Source(names));
        }

        return refusal ?? Of(result);
    }

    /// <summary>Deletes an account with all its data, by its name or address and its password.</summary>
    public async ValueTask<Answer> DeleteAsync(FormRequest form, CancellationToken cancellationToken)
    {
        var name = form["username"].Trim();
        if (name.Length == 0 || form["password"].Length == 0)
        {
            return FormAnswers.Of(400, "missing", "Missing data");
        }

        // Events contain no address, but the names derived from it.
        var names = UserName.Meant(name);
        foreach (var meant in names)
        {
            var signIn = await users.SignInAsync(meant, form["password"], form.Remote, cancellationToken);
            if (signIn.Status is SignInStatus.Throttled or SignInStatus.Busy)
            {
                if (signIn.Status is SignInStatus.Throttled)
                {
                    audit.Write(AuditEvents.WrongPassword, form.Source(names));
                }

                return signIn.Status is SignInStatus.Throttled ? WeaveAnswers.TooMany(signIn.RetryAfter) : WeaveAnswers.Unavailable;
            }

            if (signIn.Principal is { } user)
            {
                return await accounts.DeleteAsync(user, form.Address, cancellationToken)
                    ? FormAnswers.Of(200, "deleted", "Account removed.")
                    : FormAnswers.Of(409, "not-deleted", "Deletion failed.");
            }
        }

        audit.Write(names.Count == 0 ? AuditEvents.ImpossibleUser : AuditEvents.WrongPassword, form.Source(names));
        return FormAnswers.Of(400, "wrong-credentials", "Bad credentials");
    }

    private static Answer Of(ResetResult result) => result switch
    {
        ResetResult.Done => FormAnswers.Of(200, "changed", "Password successfully changed."),
        ResetResult.NotOffered => FormAnswers.Of(503, "no-mail", "This server sends no mails."),
        ResetResult.UnknownUser => FormAnswers.Of(400, "unknown-user", "We are unable to locate your account"),
        ResetResult.NoAddress => FormAnswers.Of(400, "no-address", "No email address on file"),
        ResetResult.WrongCode => FormAnswers.Of(400, "wrong-code", "Key does not match with username"),
        ResetResult.WeakPassword => FormAnswers.Of(400, "weak-password", "Password should be at least 8 characters and not the same as your username"),
        ResetResult.Unavailable => WeaveAnswers.Unavailable,
        _ => FormAnswers.Of(409, "changed-meanwhile", "The user was changed at the same time."),
    };
}

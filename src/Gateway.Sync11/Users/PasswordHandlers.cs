using Lockstep.Core.Logins;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>Handlers for new passwords by the user API: with the old password, or with a mailed code.</summary>
internal sealed class PasswordHandlers(ILoginStore logins, UserScheme scheme, PasswordResets resets)
{
    private const string Weak = "Password should be at least 8 characters and not the same as your username";
    private const string Done = "success";

    /// <summary>Sets a new password, which is the body. It needs the old one or a mailed code.</summary>
    public async ValueTask<Answer> ChangeAsync(UserRequest request, CancellationToken cancellationToken)
    {
        if (request.Header("X-Weave-Password-Reset") is { } code)
        {
            var (result, refusal) = await resets.UseCodeAsync([request.Name], code, request.Text, request.Address, request.Who, cancellationToken);
            return refusal ?? Of(result, unknown: WeaveAnswers.NotFound);
        }

        if (request.Own is not { } user)
        {
            return WeaveAnswers.Unauthorized(asks: !request.HasCredentials);
        }

        return await scheme.FindOwnAsync(user, cancellationToken) is { } login
            ? Of(await resets.SetAsync(login, request.Text, request.Address, request.Who, cancellationToken), unknown: WeaveAnswers.NotFound)
            : WeaveAnswers.Unauthorized();
    }

    /// <summary>Mails a code to the user's address.</summary>
    public async ValueTask<Answer> MailCodeAsync(UserRequest request, CancellationToken cancellationToken)
    {
        var (result, refusal) = await resets.MailCodeAsync([request.Name], request.Address, cancellationToken);
        return refusal ?? Of(result, unknown: WeaveAnswers.Error(WeaveCode.UnknownUser));
    }

    /// <summary>Ends a mailed code.</summary>
    public async ValueTask<Answer> ForgetCodeAsync(UserRequest request, CancellationToken cancellationToken) =>
        await scheme.FindOwnAsync(request.Own!, cancellationToken) is { } login
        && (login.ResetDigest is null || await logins.ChangeAsync(login, MailedCode.Keep(login, []), cancellationToken) is not null)
            ? WeaveAnswers.Text(200, Done)
            : WeaveAnswers.Unauthorized();

    private static Answer Of(ResetResult result, Answer unknown) => result switch
    {
        ResetResult.Done => WeaveAnswers.Text(200, Done),
        ResetResult.NotOffered => WeaveAnswers.NotOffered,
        ResetResult.UnknownUser => unknown,
        ResetResult.NoAddress => WeaveAnswers.Error(WeaveCode.NoAddress),
        ResetResult.WrongCode => WeaveAnswers.Error(WeaveCode.BadResetCode),
        ResetResult.WeakPassword => WeaveAnswers.Text(400, Weak),
        ResetResult.Unavailable => WeaveAnswers.Unavailable,
        _ => WeaveAnswers.Unauthorized(),
    };
}

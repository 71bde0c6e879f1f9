using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Sessions;

/// <summary>Checks name and password that stand in a request. Wrong ones are counted with all other wrong passwords of the address.</summary>
internal sealed class PasswordCheck(AccountDirectory accounts, AuditTrail audit)
{
    /// <param name="request">Has the password in its field <c>password</c>.</param>
    /// <param name="name">The account's name.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The account as it is now, or the answer that says why not.</returns>
    public async ValueTask<(Account? Account, Answer? Refusal)> VerifyAsync(ConsoleRequest request, string name, CancellationToken cancellationToken)
    {
        if (request.Text("password") is not { } password)
        {
            return (null, ConsoleAnswers.Of(ConsoleError.Missing("password")));
        }

        var signIn = await request.Inner.SignInAsync("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")), cancellationToken);
        if (signIn.Status is SignInStatus.Busy)
        {
            return (null, ConsoleAnswers.Of(ConsoleError.Busy with { RetryAfter = TimeSpan.FromSeconds(10) }));
        }

        // A password that was given to one application opens nothing here.
        if (signIn.Principal is { } user && await accounts.FindOwnAsync(user, cancellationToken) is { } account)
        {
            return (account, null);
        }

        audit.Write(AuditEvents.WrongPassword, request.Source(name));
        return (null, ConsoleAnswers.Of(signIn.Status is SignInStatus.Throttled
            ? ConsoleError.TooManyFailures with { RetryAfter = signIn.RetryAfter }
            : ConsoleError.WrongPassword with { Field = "password" }));
    }
}

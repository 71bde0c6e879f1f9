using System.Globalization;
using Lockstep.Core.Assignments;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Sync15.TokenServer;

namespace Lockstep.Gateway.Syncto.Opening;

/// <summary>
/// Whose an access token is, for the pipeline: whom room is counted for, and how much they may send. Which storage they have is found for
/// each request, by what else it says.
/// </summary>
internal sealed class AccessTokenScheme(VerifiedTokens tokens, HttpOptions http) : IAuthenticationScheme
{
    public string Name => "Bearer";

    public async ValueTask<SignIn> SignInAsync(SignInRequest request, CancellationToken cancellationToken)
    {
        var header = request.Authorization!.TrimStart();
        var token = header.Length > Name.Length ? header[(Name.Length + 1)..] : "";
        return await tokens.VerifyAsync(token, Admission.Whose(principal: null, request.Address), request.ServerUrl(http), cancellationToken) switch
        {
            TokenVerdict.Accepted accepted => new SignIn(SignInStatus.Succeeded, Of(accepted.User.Identity)),
            TokenVerdict.Unavailable => new SignIn(SignInStatus.Busy),
            _ => SignIn.Refused,
        };
    }

    /// <summary>An account of an issuer. Of no storage: no bucket is asked for them.</summary>
    public static Principal Of(UserIdentity user) =>
        new(string.Create(CultureInfo.InvariantCulture, $"syncto:{user.Issuer}#{user.Subject}"), user.Subject, DefaultBucket: "");
}

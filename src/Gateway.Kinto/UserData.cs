using System.Text.Json;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.OpenId;

namespace Lockstep.Gateway.Kinto;

/// <summary><c>/__user_data__/{principal}</c>: lets an administrator delete the data of a user without an account.</summary>
internal sealed class UserData(KintoOptions options, AccountDirectory accounts, OpenIdData data)
{
    public KintoPlan Delete(KintoRequest request)
    {
        if (request.Principal is not { } administrator || !accounts.IsAdministrator(administrator))
        {
            return KintoErrors.Forbidden;
        }

        var principal = request.Values["principal"];
        return OpenIdData.IsPrincipal(principal)
            ? new KintoPlan.Task(cancellationToken => DeleteAsync(administrator, principal, cancellationToken)) { Changes = true }
            : KintoErrors.Invalid("path", null, "Data is deleted by the principal of somebody whom a provider knows; that of an account goes with the account.");
    }

    private async ValueTask<KintoResponse> DeleteAsync(Http.Principal administrator, string principal, CancellationToken cancellationToken)
    {
        // The cached sign-in is not enough for this.
        if (await accounts.FindOwnAsync(administrator, cancellationToken) is null)
        {
            return KintoErrors.Unauthorized;
        }

        try
        {
            await data.DeleteAsync(principal);
        }
        catch (StoreUnavailableException)
        {
            return KintoErrors.Unavailable(options.RetryAfter, "The storage is not available. Some of the data may be deleted; delete it once more.");
        }

        return new KintoResponse(200)
        {
            Body = output =>
            {
                using var writer = new Utf8JsonWriter(output);
                writer.WriteStartObject();
                writer.WriteStartObject("data");
                writer.WriteString("principal", principal);
                writer.WriteEndObject();
                writer.WriteEndObject();
            },
        };
    }
}

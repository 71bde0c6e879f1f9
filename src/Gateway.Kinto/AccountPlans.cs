using System.Buffers;
using System.Text.Json;
using Lockstep.Core.Accounts;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// <c>/accounts</c> as in Kinto's accounts plug-in, except that no answer ever carries the password's hash, and that
/// deleting an account deletes all that is its own.
/// </summary>
internal sealed class AccountPlans(KintoOptions options, AccountDirectory directory)
{
    public KintoPlan Create(KintoRequest request) => Register(request, id: null);

    public KintoPlan List(KintoRequest request) => new KintoPlan.Task(async cancellationToken =>
        {
            var account = await directory.FindAsync(request.Principal!.Account, cancellationToken);
            return account is null ? KintoErrors.Unauthorized : new KintoResponse(200)
            {
                Stamp = account.Modified,
                Headers = [KeyValuePair.Create("Total-Objects", "1"), KeyValuePair.Create("Total-Records", "1")],
                Body = output => KintoWriter.WriteList(output, [AsRecord(account)], fields: null),
            };
        });

    public KintoPlan Get(KintoRequest request) => Own(request, id => new KintoPlan.Task(async cancellationToken =>
        await directory.FindAsync(id, cancellationToken) is { } account ? Answer(200, account) : KintoErrors.Unauthorized));

    public KintoPlan Put(KintoRequest request)
    {
        var id = request.Values["account"];
        return AccountDirectory.IsValidName(id) && !IsOwn(request, id) ? Register(request, id) : Own(request, own => ChangePassword(request, own));
    }

    public KintoPlan Patch(KintoRequest request) => Own(request, id => ChangePassword(request, id));

    public KintoPlan Delete(KintoRequest request) => Own(request, id =>
        new KintoPlan.Task(cancellationToken => DeleteAsync(id, cancellationToken)) { ChangesAccounts = true });

    private static bool IsOwn(KintoRequest request, string id) => string.Equals(id, request.Principal?.Account, StringComparison.Ordinal);

    private static KintoPlan Own(KintoRequest request, Func<string, KintoPlan> plan)
    {
        var id = request.Values["account"];
        return !AccountDirectory.IsValidName(id) ? KintoErrors.Invalid("path", null, "Invalid object id")
            : IsOwn(request, id) ? plan(id)
            : KintoErrors.Forbidden;
    }

    private KintoPlan Register(KintoRequest request, string? id)
    {
        // Whether the name is taken must not show to somebody who may not make an account anyway.
        if (!request.MayRegister)
        {
            return request.Principal is null ? KintoErrors.Unauthorized : KintoErrors.Forbidden;
        }

        if (Read(request, id, out var name, out var password) is { } error)
        {
            return error;
        }

        if (name is null || !AccountDirectory.IsValidName(name))
        {
            return KintoErrors.Invalid("body", "data.id", "An account needs an id of letters, digits and +.@_-");
        }

        if (password is null)
        {
            return KintoErrors.Invalid("body", "data.password", "Required");
        }

        if (directory.Refuse(password) is { } refusal)
        {
            return KintoErrors.Invalid("body", "data.password", refusal);
        }

        return new KintoPlan.Task(async cancellationToken =>
            await directory.AddAsync(name, password, cancellationToken) is { } account
                ? Answer(201, account)
                : request.Principal is null ? KintoErrors.Unauthorized : KintoErrors.Forbidden) { ChangesAccounts = true };
    }

    private KintoPlan ChangePassword(KintoRequest request, string id)
    {
        if (Read(request, id, out _, out var password) is { } error)
        {
            return error;
        }

        if (password is null)
        {
            return KintoErrors.Invalid("body", "data.password", "Required");
        }

        if (directory.Refuse(password) is { } refusal)
        {
            return KintoErrors.Invalid("body", "data.password", refusal);
        }

        return new KintoPlan.Task(async cancellationToken =>
            await directory.ChangePasswordAsync(id, password, cancellationToken) is { } account ? Answer(200, account) : KintoErrors.Unauthorized) { ChangesAccounts = true };
    }

    private async ValueTask<KintoResponse> DeleteAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            var account = await directory.FindAsync(id, cancellationToken);
            if (account is null || !await directory.DeleteAsync(id, cancellationToken))
            {
                return KintoErrors.Unauthorized;
            }

            var tombstone = StoredRecord.Tombstone(id, account.Modified.Plus(1), author: null);
            return new KintoResponse(200)
            {
                Stamp = tombstone.Modified,
                Body = output => KintoWriter.WriteObject(output, id, tombstone, fields: null, writer: null),
            };
        }
        catch (StoreUnavailableException)
        {
            return KintoErrors.Unavailable(
                options.RetryAfter, "The storage is not available. If the account can no longer sign in, its deletion goes on by itself.");
        }
    }

    /// <summary>Takes <c>data.id</c> and <c>data.password</c> out of the body; the password goes nowhere but to the hash.</summary>
    private static KintoResponse? Read(KintoRequest request, string? id, out string? name, out string? password)
    {
        name = id;
        password = null;
        try
        {
            using var document = JsonText.Parse(request.Body.IsEmpty ? RecordData.EmptyObject : request.Body);
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object)
            {
                return KintoErrors.Invalid("body", "data", "data should be an object");
            }

            foreach (var property in data.EnumerateObject())
            {
                if (property.NameEquals("id"u8))
                {
                    name = JsonText.Read(property.Value);
                    if (name is null || (id is not null && !string.Equals(id, name, StringComparison.Ordinal)))
                    {
                        return KintoErrors.Invalid("body", "data.id", "Object id does not match existing object");
                    }
                }
                else if (property.NameEquals("password"u8))
                {
                    password = JsonText.Read(property.Value);
                    if (password is null)
                    {
                        return KintoErrors.Invalid("body", "data.password", "should be a string");
                    }
                }
                else if (!property.NameEquals("last_modified"u8))
                {
                    return KintoErrors.Invalid("body", "data", "An account has an id and a password, nothing else.");
                }
            }

            return null;
        }
        catch (JsonException e)
        {
            return KintoBody.InvalidJson(e);
        }
    }

    private static KintoResponse Answer(int status, Account account) => new(status)
    {
        Stamp = account.Modified,
        Body = output => KintoWriter.WriteObject(output, account.Name, AsRecord(account), fields: null, $"account:{account.Name}"),
    };

    private static StoredRecord AsRecord(Account account) =>
        new() { Id = account.Name, Modified = account.Modified, Body = RecordData.EmptyObject };
}

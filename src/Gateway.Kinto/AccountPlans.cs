using System.Text.Json;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// <c>/accounts</c> as in Kinto's accounts plug-in, with two differences: no answer carries the password's hash, and
/// deleting an account deletes all of its own data. Requests are read and answered like those for buckets and their objects.
/// </summary>
internal sealed class AccountPlans(
    KintoOptions options, ListPlans lists, ObjectPlans objects, AccountRecords accounts, AccountDirectory directory, Registrations registrations, RegistrationPolicy policy)
{
    public KintoPlan List(KintoRequest request) => Listed(request, lists.Page(request, Target(id: null)));

    public KintoPlan Count(KintoRequest request) => Listed(request, lists.Count(request, Target(id: null)));

    public KintoPlan Get(KintoRequest request) => Own(request, target => objects.Get(request, target));

    public KintoPlan Patch(KintoRequest request) => Own(request, target => objects.Patch(request, target));

    public KintoPlan Delete(KintoRequest request) => Own(request, target => objects.Delete(request, target));

    public KintoPlan Put(KintoRequest request)
    {
        var name = request.Values["account"];
        return IsOwn(request, name) || IsAdministrator(request) ? Own(request, target => objects.Put(request, target))
            : RefuseName(name) ?? Register(request, name, own => objects.Put(own, Target(name)));
    }

    public KintoPlan Create(KintoRequest request)
    {
        if (!request.MayRegister() && !IsAdministrator(request))
        {
            return Refused(request);
        }

        var (name, unreadable) = NameIn(request.Body);
        if (name is null || !AccountDirectory.IsValidName(name))
        {
            return unreadable ?? KintoErrors.Invalid("body", "data.id", "An account needs an id of letters, digits and +.@_-");
        }

        return IsOwn(request, name) ? Own(request, Create(request, name))
            : IsAdministrator(request) ? Administer(request, name, Create(request, name))
            : Register(request, name, own => Create(own, name));
    }

    private static KintoTarget Target(string? id) =>
        new(default, "", default, ListRef.RecordsOf("accounts"), id) { Path = id is null ? "/accounts" : $"/accounts/{id}" };

    private static bool IsOwn(KintoRequest request, string name) => string.Equals(name, request.Principal?.Account, StringComparison.Ordinal);

    private static KintoResponse? RefuseName(string name) =>
        AccountDirectory.IsValidName(name) ? null : KintoErrors.Invalid("path", null, "Invalid object id");

    /// <summary>The refusal for callers who may not create an account, and so must not learn whether the name is taken.</summary>
    private static KintoResponse Refused(KintoRequest request) => request.Principal is null ? KintoErrors.Unauthorized : KintoErrors.Forbidden;

    /// <returns>The account's name, or the error if the body cannot be read, or neither.</returns>
    private static (string? Name, KintoResponse? Error) NameIn(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonText.Parse(body.IsEmpty ? RecordData.EmptyObject : body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object && data.TryGetProperty("id", out var id)
                ? (JsonText.Read(id), null)
                : (null, null);
        }
        catch (JsonException e)
        {
            return (null, KintoBody.InvalidJson(e));
        }
    }

    private KintoPlan Create(KintoRequest request, string name)
    {
        if (KintoPreconditions.Read(request, PreconditionScope.Record, out var precondition) is { } invalid)
        {
            return invalid;
        }

        var (body, error) = KintoBody.Read(request, ListRole.Records, options);
        if (body is null)
        {
            return error!;
        }

        if (AccessBodies.RefuseOthers(request, AccessBodies.OfPut(body, ListRole.Records)) is { } others)
        {
            return others;
        }

        var target = Target(name);
        var operation = new CreateRecord(target.Object, body.Data!.Body) { Precondition = precondition };
        return new KintoPlan.Call(target.Bucket, target.Caller, operation, outcome => KintoOutcomes.Render(outcome, request, target, fields: null, options));
    }

    private KintoPlan Own(KintoRequest request, Func<KintoTarget, KintoPlan> plan)
    {
        var name = request.Values["account"];
        return RefuseName(name)
            ?? (IsOwn(request, name) ? Own(request, plan(Target(name)))
            : IsAdministrator(request) ? Administer(request, name, plan(Target(name)))
            : KintoErrors.Forbidden);
    }

    private bool IsAdministrator(KintoRequest request) => request.Principal is { } principal && directory.IsAdministrator(principal);

    private KintoPlan Administer(KintoRequest request, string name, KintoPlan plan) =>
        By(plan, KintoErrors.Unauthorized, (operation, cancellationToken) => accounts.AdministerAsync(request.Principal!, name, operation, cancellationToken));

    private KintoPlan Listed(KintoRequest request, KintoPlan plan) => IsAdministrator(request)
        ? By(plan, KintoErrors.Unauthorized, (operation, cancellationToken) => accounts.ListAllAsync(operation, cancellationToken))
        : request.Principal is { Profile: not null } ? KintoErrors.Forbidden
        : Own(request, plan);

    private KintoPlan Own(KintoRequest request, KintoPlan plan) =>
        By(plan, KintoErrors.Unauthorized, (operation, cancellationToken) => accounts.ExecuteAsync(request.Principal!, operation, cancellationToken));

    /// <param name="request">The request.</param>
    /// <param name="name">The name of the new account.</param>
    /// <param name="plan">Plans the request as if the account's owner had made it.</param>
    private KintoPlan Register(KintoRequest request, string name, Func<KintoRequest, KintoPlan> plan)
    {
        if (!request.MayRegister())
        {
            return Refused(request);
        }

        var own = request with { Principal = new Principal(AccountDirectory.PrincipalId(name), name, DefaultBucket: "") };
        var made = By(plan(own), Refused(request), (operation, cancellationToken) => accounts.CreateAsync(request.Who, name, operation, cancellationToken));
        return made is KintoPlan.Task task && policy.IsOpen
            ? task with { Run = cancellationToken => CountAsync(ClientAddress.Of(request.Address), task.Run, cancellationToken) }
            : made;
    }

    /// <summary>Creates an account where registration is open, and counts it.</summary>
    private async ValueTask<KintoResponse> CountAsync(string address, Func<CancellationToken, ValueTask<KintoResponse>> make, CancellationToken cancellationToken)
    {
        KintoResponse? response = null;
        var permit = await registrations.TryAsync(address, async () => (response = await make(cancellationToken)).Status == 201);
        return response ?? (permit.IsBusy ? KintoErrors.Unavailable(options.RetryAfter) : KintoErrors.TooManyRegistrations(permit.Wait));
    }

    /// <param name="plan">A plan as for a bucket's object.</param>
    /// <param name="otherwise">The answer if there is no outcome.</param>
    /// <param name="execute">Carries out its operation, instead of a bucket's owner.</param>
    private KintoPlan By(KintoPlan plan, KintoResponse otherwise, Func<Operation, CancellationToken, ValueTask<Outcome?>> execute) =>
        plan is not KintoPlan.Call call ? plan : new KintoPlan.Task(async cancellationToken =>
        {
            try
            {
                return await execute(call.Operation, cancellationToken) is { } outcome ? call.Render(outcome) : otherwise;
            }
            catch (StoreUnavailableException) when (call.Operation is DeleteRecord)
            {
                return KintoErrors.Unavailable(
                    options.RetryAfter, "The storage is not available. If the account can no longer sign in, its deletion goes on by itself.");
            }
        })
        {
            ChangesAccounts = call.Operation.IsWrite,
        };
}

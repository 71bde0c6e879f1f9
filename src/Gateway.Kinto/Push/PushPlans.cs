using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary><c>/subscriptions</c>: a user's push subscriptions. Requests are read and answered like those for buckets and their objects.</summary>
internal sealed class PushPlans(KintoOptions options, ListPlans lists, ObjectPlans objects, PushRecords subscriptions, AccountDirectory accounts)
{
    private const string Path = "/subscriptions";

    public KintoPlan List(KintoRequest request) => By(request, lists.Page(request, Target(id: null)), subscriptions.ListAsync);

    public KintoPlan Count(KintoRequest request) => By(request, lists.Count(request, Target(id: null)), subscriptions.ListAsync);

    public KintoPlan Get(KintoRequest request) => One(request, objects.Get);

    public KintoPlan Put(KintoRequest request) => One(request, objects.Put);

    public KintoPlan Delete(KintoRequest request) => One(request, objects.Delete);

    private static KintoTarget Target(string? id) => new(default, "", default, ListRef.RecordsOf("subscriptions"), id) { Path = id is null ? Path : $"{Path}/{id}" };

    private KintoPlan One(KintoRequest request, Func<KintoRequest, KintoTarget, KintoPlan> plan)
    {
        var id = request.Values["subscription"];
        return KintoIds.IsValid(id, options)
            ? By(request, plan(request, Target(id)), (principal, operation, cancellationToken) => subscriptions.ExecuteAsync(principal, id, operation, cancellationToken))
            : KintoErrors.Invalid("path", null, "Invalid object id");
    }

    private KintoPlan By(KintoRequest request, KintoPlan plan, Func<Principal, Operation, CancellationToken, ValueTask<Outcome>> execute) =>
        plan is not KintoPlan.Call call ? plan : new KintoPlan.Task(async cancellationToken =>
            // The cached sign-in is not enough for a change.
            call.Operation.IsWrite && !await accounts.ExistsAsync(request.Principal!, cancellationToken)
                ? KintoErrors.Unauthorized
                : call.Render(await execute(request.Principal!, call.Operation, cancellationToken)))
        {
            Changes = call.Operation.IsWrite,
        };
}

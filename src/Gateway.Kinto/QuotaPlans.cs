using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// <c>/quotas</c>: the quotas that administrators set for users, buckets and collections. The path below it is the subject's own path. Requests are
/// read and answered like those for buckets and their objects.
/// </summary>
internal sealed class QuotaPlans(ListPlans lists, ObjectPlans objects, QuotaRecords quotas, AccountDirectory accounts)
{
    private const string Path = "/quotas";

    public KintoPlan List(KintoRequest request) =>
        IsAdministrator(request) ? By(request, lists.Page(request, Target(id: null)), quotas.ListAsync) : KintoErrors.Forbidden;

    public KintoPlan Count(KintoRequest request) =>
        IsAdministrator(request) ? By(request, lists.Count(request, Target(id: null)), quotas.ListAsync) : KintoErrors.Forbidden;

    public KintoPlan Get(KintoRequest request, string subject) => One(request, subject, objects.Get);

    public KintoPlan Put(KintoRequest request, string subject) => One(request, subject, objects.Put);

    public KintoPlan Patch(KintoRequest request, string subject) => One(request, subject, objects.Patch);

    public KintoPlan Delete(KintoRequest request, string subject) => One(request, subject, objects.Delete);

    private static KintoTarget Target(string? id) => new(default, "", default, ListRef.RecordsOf("quotas"), id) { Path = Path + id };

    private bool IsAdministrator(KintoRequest request) => request.Principal is { } principal && accounts.IsAdministrator(principal);

    private KintoPlan One(KintoRequest request, string text, Func<KintoRequest, KintoTarget, KintoPlan> plan) =>
        !IsAdministrator(request) ? KintoErrors.Forbidden

        // "default" is another bucket for each caller.
        : QuotaSubject.Parse(text) is not { } subject || subject.Bucket is KintoTarget.Default ? KintoErrors.Invalid("path", null, "Invalid object id")
        : By(request, plan(request, Target(subject.Text)), (operation, cancellationToken) => quotas.ExecuteAsync(subject, operation, cancellationToken));

    private KintoPlan By(KintoRequest request, KintoPlan plan, Func<Operation, CancellationToken, ValueTask<Outcome>> execute) =>
        plan is not KintoPlan.Call call ? plan : new KintoPlan.Task(async cancellationToken =>
            // The cached sign-in is not enough for a change.
            call.Operation.IsWrite && await accounts.FindOwnAsync(request.Principal!, cancellationToken) is null
                ? KintoErrors.Unauthorized
                : call.Render(await execute(call.Operation, cancellationToken)))
        {
            Changes = call.Operation.IsWrite,
        };
}

using System.Text.Json;
using Lockstep.Core.Accounts;
using Lockstep.Core.Quotas;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Administration.Accounts;

/// <summary><c>/accounts/{account}/quota</c>: what all Kinto buckets of an account may hold together.</summary>
internal sealed class AccountQuotaHandlers(AccountDirectory accounts, IQuotaStore quotas, AuditTrail audit, TimeProvider time)
{
    private const string Bytes = "bytes";
    private const string Records = "records";

    /// <summary>The subject of an account's quota.</summary>
    public static QuotaSubject SubjectOf(Account account) =>
        QuotaSubject.Parse($"/users/{AccountDirectory.PrincipalId(account.Name)}") ?? throw new InvalidOperationException("An account's name names no user.");

    /// <summary>Sets a quota: <c>{"bytes": 1000, "records": null}</c>. 0 is no limit, null what the settings say; both null remove it.</summary>
    public async ValueTask<Answer> PutAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        if (await accounts.FindByNameAsync(request.Inner.Values["account"], cancellationToken) is not { } account)
        {
            return ConsoleAnswers.Of(AdministrationErrors.NoAccount);
        }

        foreach (var field in new[] { Bytes, Records })
        {
            if (!request.Fields.TryGetValue(field, out var value) || !IsAmount(value))
            {
                return ConsoleAnswers.Of(AdministrationErrors.BadNumber(field));
            }
        }

        var quota = new Quota(SubjectOf(account), Amount(request.Fields[Bytes]), Amount(request.Fields[Records]));
        if (await SetAsync(quota, cancellationToken) == QuotaChange.Full)
        {
            return ConsoleAnswers.Of(AdministrationErrors.QuotasFull);
        }

        audit.Write(AuditEvents.AdministratorSetQuota, AuditSource.Of(request.Inner.Http.Request, request.User.Account));
        return AdministrationAnswers.Of(new { quota = (quota.Bytes ?? quota.Records) is null ? null : new { quota.Bytes, quota.Records } });
    }

    private static bool IsAmount(JsonElement value) =>
        value.ValueKind is JsonValueKind.Null || (value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out var number) && number >= 0);

    private static long? Amount(JsonElement value) => value.ValueKind is JsonValueKind.Null ? null : value.GetInt64();

    private async ValueTask<QuotaChange> SetAsync(Quota quota, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await quotas.FindAsync(quota.Subject, cancellationToken);
            if ((quota.Bytes ?? quota.Records) is null)
            {
                if (read is null || await quotas.RemoveAsync(read, ServerTimestamp.Now(time), cancellationToken) is not null)
                {
                    return QuotaChange.Done;
                }

                continue;
            }

            var (change, _) = await quotas.PutAsync(quota, read, Quota.Most, ServerTimestamp.Now(time), cancellationToken);
            if (change != QuotaChange.ReadAgain)
            {
                return change;
            }
        }
    }
}

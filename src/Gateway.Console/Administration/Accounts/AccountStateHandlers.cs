using System.Text.Json;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Administration.Accounts;

/// <summary><c>/accounts/{account}/state</c>: whether an account is disabled.</summary>
internal sealed class AccountStateHandlers(AccountDirectory accounts, AuditTrail audit)
{
    private const string Field = "disabled";

    /// <summary>Disables an account, or enables it again: <c>{"disabled": true}</c>. Can be repeated.</summary>
    public async ValueTask<Answer> PutAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        var name = request.Inner.Values["account"];
        if (await accounts.FindByNameAsync(name, cancellationToken) is not { } account)
        {
            return ConsoleAnswers.Of(AdministrationErrors.NoAccount);
        }

        if (!request.Fields.TryGetValue(Field, out var value) || value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            return ConsoleAnswers.Of(AdministrationErrors.BadFlag(Field));
        }

        var isDisabled = value.GetBoolean();
        if (isDisabled && string.Equals(request.User.Account, name, StringComparison.Ordinal))
        {
            return ConsoleAnswers.Of(AdministrationErrors.OwnAccount);
        }

        // Noted before the answer of each database is there: some of it may be done.
        audit.Write(isDisabled ? AuditEvents.AdministratorDisabledAccount : AuditEvents.AdministratorEnabledAccount, AuditSource.Of(request.Inner.Http.Request, request.User.Account));
        try
        {
            var changed = isDisabled ? await accounts.DisableAsync(account, cancellationToken) : await accounts.EnableAsync(account, cancellationToken);
            return changed is null ? ConsoleAnswers.Of(AdministrationErrors.NoAccount) : AdministrationAnswers.Of(new { disabled = changed.IsDisabled });
        }
        catch (StoreUnavailableException)
        {
            return ConsoleAnswers.Of(AdministrationErrors.NotInAllDatabases with { RetryAfter = TimeSpan.FromSeconds(10) });
        }
    }
}

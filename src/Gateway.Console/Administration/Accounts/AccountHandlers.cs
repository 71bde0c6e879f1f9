using System.Security.Cryptography;
using System.Text.Json;
using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Lists;
using Lockstep.Core.Quotas;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Console.Administration.Accounts;

/// <summary><c>/accounts</c>: lists, makes and deletes accounts, and sets passwords.</summary>
internal sealed class AccountHandlers(AccountDirectory accounts, IKeyedAccountStore keyed, IBucketIndex index, IQuotaStore quotas, AuditTrail audit)
{
    private const int PageSize = 50;
    private const int PasswordLength = 20;

    // Without letters and digits that people take for each other.
    private const string PasswordLetters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

    /// <summary>A page of the accounts in name order: those whose names begin with <c>prefix</c>, after the name in <c>after</c>.</summary>
    public async ValueTask<Answer> ListAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        var prefix = request.Parameter("prefix") ?? "";
        var after = request.Parameter("after");
        var found = new List<Account>();

        // The store lists what comes after a name, and the prefix may be one.
        if (after is null && prefix.Length > 0 && await accounts.FindByNameAsync(prefix, cancellationToken) is { } exact)
        {
            found.Add(exact);
        }

        var last = after ?? (prefix.Length > 0 ? prefix : null);
        do
        {
            (var page, last) = await accounts.ListAsync(last, PageSize + 1, cancellationToken);
            found.AddRange(page.TakeWhile(account => account.Name.StartsWith(prefix, StringComparison.Ordinal)));
            last = page.Count > 0 && !page[^1].Name.StartsWith(prefix, StringComparison.Ordinal) ? null : last;
        }
        while (last is not null && found.Count <= PageSize);

        return AdministrationAnswers.Of(new
        {
            accounts = found.Take(PageSize).Select(ViewOf),
            next = found.Count > PageSize ? found[PageSize - 1].Name : null,
        });
    }

    /// <summary>One account, with its quota and what its buckets hold.</summary>
    public async ValueTask<Answer> ShowAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        if (await accounts.FindByNameAsync(request.Inner.Values["account"], cancellationToken) is not { } account)
        {
            return ConsoleAnswers.Of(AdministrationErrors.NoAccount);
        }

        var principal = accounts.DelegateOf(account);
        var scan = new BucketScan(principal.Id, new ListQuery { Limit = 0 }, 0) { Account = account.Ref, Kind = BucketKind.Kinto };
        var buckets = await index.CountByAuthorAsync(scan, cancellationToken);
        var usage = await index.UsageByAuthorAsync(principal.Id, cancellationToken);
        var quota = await quotas.FindAsync(AccountQuotaHandlers.SubjectOf(account), cancellationToken);
        return AdministrationAnswers.Of(new
        {
            account = ViewOf(account),
            principal = principal.Id,
            guardsAKey = await keyed.FindByNumberAsync(account.Number, cancellationToken) is not null,
            buckets = buckets.Live,
            usage = new { usage.Bytes, usage.Records },
            quota = quota is null ? null : new { quota.Bytes, quota.Records },
        });
    }

    /// <summary>Makes an account. Without a password in the request the server makes one, which is in this answer alone.</summary>
    public async ValueTask<Answer> CreateAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        if (request.Text("account") is not { } name)
        {
            return ConsoleAnswers.Of(ConsoleError.Missing("account"));
        }

        if (!AccountDirectory.IsValidName(name))
        {
            return ConsoleAnswers.Of(AdministrationErrors.BadName);
        }

        // One of another type is not taken for none.
        var given = request.Text("password");
        if (given is null && request.Fields.TryGetValue("password", out var value) && value.ValueKind is not JsonValueKind.Null)
        {
            return ConsoleAnswers.Of(ConsoleError.Missing("password"));
        }

        if (given is not null && accounts.Refuse(given) is { } refusal)
        {
            return ConsoleAnswers.Of(AdministrationErrors.BadPassword(refusal));
        }

        var made = given is null ? NewPassword() : null;
        if (await accounts.HashAsync(request.User.Id, given ?? made!, cancellationToken) is not { } hash)
        {
            return ConsoleAnswers.Of(ConsoleError.Busy with { RetryAfter = TimeSpan.FromSeconds(10) });
        }

        if (await accounts.AddHashedAsync(name, hash, cancellationToken) is not { } account)
        {
            return ConsoleAnswers.Of(AdministrationErrors.NameTaken);
        }

        // The name is in the body here, and in the path of everything else.
        var source = AuditSource.Of(request.Inner.Http.Request, request.User.Account);
        audit.Write(AuditEvents.AdministratorMadeAccount, source with { Path = $"{source.Path}/{name}" });
        return AdministrationAnswers.Of(new { account = ViewOf(account), password = made }, 201);
    }

    /// <summary>Gives an account a password that the server makes. It is in this answer alone, and the former one no longer works.</summary>
    public async ValueTask<Answer> ResetPasswordAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        var name = request.Inner.Values["account"];
        if (await accounts.FindByNameAsync(name, cancellationToken) is not { } account)
        {
            return ConsoleAnswers.Of(AdministrationErrors.NoAccount);
        }

        if (await keyed.FindByNumberAsync(account.Number, cancellationToken) is not null)
        {
            return ConsoleAnswers.Of(AdministrationErrors.GuardsAKey);
        }

        var password = NewPassword();
        var change = await accounts.ChangePasswordAsync(name, password, cancellationToken);
        if (change is PasswordChange.Done)
        {
            Note(AuditEvents.AdministratorResetPassword, request);
        }

        return change switch
        {
            PasswordChange.Done => AdministrationAnswers.Of(new { password }),
            PasswordChange.Importing => ConsoleAnswers.Of(AdministrationErrors.Importing),
            _ => ConsoleAnswers.Of(AdministrationErrors.NoAccount),
        };
    }

    /// <summary>Deletes an account with all its data. The name in the body confirms it.</summary>
    public async ValueTask<Answer> DeleteAsync(ConsoleRequest request, CancellationToken cancellationToken)
    {
        var name = request.Inner.Values["account"];
        if (await accounts.FindByNameAsync(name, cancellationToken) is not { } account)
        {
            return ConsoleAnswers.Of(AdministrationErrors.NoAccount);
        }

        if (request.Text("confirm") != name)
        {
            return ConsoleAnswers.Of(AdministrationErrors.NotConfirmed);
        }

        if (string.Equals(request.User.Account, name, StringComparison.Ordinal))
        {
            return ConsoleAnswers.Of(AdministrationErrors.OwnAccount);
        }

        try
        {
            // As it was seen: an account that has the name since is another one.
            if (!await accounts.DeleteAsync(account, cancellationToken))
            {
                return ConsoleAnswers.Of(ConsoleError.Changed);
            }
        }
        catch (StoreUnavailableException)
        {
            Note(AuditEvents.AdministratorDeletedAccount, request);
            return ConsoleAnswers.Of(AdministrationErrors.DeletionGoesOn with { RetryAfter = TimeSpan.FromSeconds(10) });
        }

        Note(AuditEvents.AdministratorDeletedAccount, request);
        return ConsoleAnswers.Nothing();
    }

    private static string NewPassword() => RandomNumberGenerator.GetString(PasswordLetters, PasswordLength);

    private AccountView ViewOf(Account account) => new(
        account.Name, account.Number, account.Since.Milliseconds, account.Modified.Milliseconds, AccountPassword.IsOne(account.PasswordHash), accounts.IsAdministrator(accounts.PrincipalOf(account)),
        account.IsDisabled);

    private void Note(AuditEvent what, ConsoleRequest request) => audit.Write(what, AuditSource.Of(request.Inner.Http.Request, request.User.Account));
}

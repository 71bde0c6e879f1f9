using Lockstep.Core.Accounts;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Patches;
using Lockstep.Core.Records;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// Accounts as records, with the operations of buckets. The visible record of an account has no fields. A write with a
/// password sets it; only its hash is stored. A write is carried out only if the account is unchanged since it was read.
/// </summary>
internal sealed class AccountRecords(AccountDirectory directory)
{
    /// <summary>Creates the account that the operation is about.</summary>
    /// <param name="who">The party that it is charged to.</param>
    /// <param name="name">The name of the new account.</param>
    /// <param name="operation">The operation of its future owner.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Null if the name is taken.</returns>
    public async ValueTask<Outcome?> CreateAsync(string who, string name, Operation operation, CancellationToken cancellationToken)
    {
        var (password, invalid) = Password(operation switch
        {
            PutRecord put => put.Body,
            CreateRecord create => create.Body,
            _ => null,
        });
        if (invalid is not null || password is null)
        {
            return invalid ?? PasswordRequired;
        }

        // Only the refusal tells whether the name is taken.
        if (InMemoryRecords.Refusal(operation, existing: null) is { } refusal)
        {
            return refusal;
        }

        return await directory.HashAsync(who, password, cancellationToken) is not { } hash ? Unavailable.Overloaded
            : await directory.AddHashedAsync(name, hash, cancellationToken) is { } account ? new RecordWritten(Of(account), Created: true)
            : null;
    }

    /// <summary>
    /// Carries out an operation on a user's own account. It must be the account with which they signed in, and must still have the password that
    /// they signed in with.
    /// </summary>
    /// <returns>Null if that account was deleted or has another password by now, even if the name exists again.</returns>
    public ValueTask<Outcome?> ExecuteAsync(Principal principal, Operation operation, CancellationToken cancellationToken) =>
        ExecuteAsync(principal, () => directory.FindOwnAsync(principal, cancellationToken), operation, cancellationToken);

    /// <summary>Carries out an administrator's operation on an account.</summary>
    /// <param name="administrator">The administrator.</param>
    /// <param name="name">The account's name.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async ValueTask<Outcome?> AdministerAsync(Principal administrator, string name, Operation operation, CancellationToken cancellationToken)
    {
        while (true)
        {
            var outcome = await ExecuteAsync(administrator, () => directory.FindByNameAsync(name, cancellationToken), operation, cancellationToken);
            outcome ??= operation is PutRecord or CreateRecord ? await CreateAsync(administrator.Id, name, operation, cancellationToken) : new Missing(ObjectRef.Record("accounts", name));
            if (outcome is not null)
            {
                return outcome;
            }

            // Another request has created it meanwhile.
        }
    }

    /// <summary>Reads all accounts.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async ValueTask<Outcome?> ListAllAsync(Operation operation, CancellationToken cancellationToken)
    {
        var records = new List<StoredRecord>();
        string? last = null;
        do
        {
            (var some, last) = await directory.ListAsync(last, AccountsAtOnce, cancellationToken);
            records.AddRange(some.Select(Of));
        }
        while (last is not null && records.Count < MaxAccounts);

        return last is not null
            ? new Refused("querystring", null, $"There are more than {MaxAccounts} accounts; list them on the command line.")
            : InMemoryRecords.ReadList(operation, records, records.Select(static record => record.Modified).DefaultIfEmpty().Max());
    }

    private async ValueTask<Outcome?> ExecuteAsync(
        Principal principal, Func<ValueTask<Account?>> find, Operation operation, CancellationToken cancellationToken)
    {
        string? made = null;
        while (await find() is { } account)
        {
            var record = Of(account);
            if (operation is ListRecords or CountRecords)
            {
                return InMemoryRecords.ReadList(operation, [record], record.Modified);
            }

            if (InMemoryRecords.Refusal(operation, record) is { } refusal)
            {
                return refusal;
            }

            if (operation is ReadRecord)
            {
                return new RecordFound(record);
            }

            if (operation is CreateRecord)
            {
                return new RecordKept(record);
            }

            if (operation is DeleteRecord)
            {
                if (await directory.DeleteAsync(account, cancellationToken))
                {
                    return new RecordDeleted(StoredRecord.Tombstone(account.Name, account.Modified.Plus(1), author: null));
                }

                continue;
            }

            var (password, invalid) = PasswordOf(operation, record, cancellationToken);
            if (invalid is not null)
            {
                return invalid;
            }

            if (password is not null && !AccountPassword.IsOne(account.PasswordHash))
            {
                return PasswordOfFirefox;
            }

            var hash = password is null ? account.PasswordHash : made ??= await directory.HashAsync(principal.Id, password, cancellationToken);
            if (hash is null)
            {
                return Unavailable.Overloaded;
            }

            if (await directory.ChangeAsync(account, hash, cancellationToken) is { } changed)
            {
                return new RecordWritten(Of(changed), Created: false) { Previous = record };
            }
        }

        return null;
    }

    private const int AccountsAtOnce = 1_000;

    // The list is built in memory.
    private const int MaxAccounts = 100_000;

    private static Refused PasswordRequired { get; } = new("body", "data.password", "Required");

    /// <summary>Setting another password would lose the key to what Firefox has stored.</summary>
    private static Refused PasswordOfFirefox { get; } = new("body", "data.password", "The password of this account is set where it was made");

    private static StoredRecord Of(Account account) =>
        new() { Id = account.Name, Modified = account.Modified, Body = RecordData.EmptyObject };

    /// <returns>The password that the write sets; null to keep the existing one.</returns>
    private (string? Password, Outcome? Refusal) PasswordOf(Operation operation, StoredRecord record, CancellationToken cancellationToken)
    {
        switch (operation)
        {
            case PutRecord { Body: null }:
                return (null, null);
            case PutRecord put:
                var (password, invalid) = Password(put.Body);
                return (password, invalid ?? (password is null ? PasswordRequired : null));
            case PatchRecord patch:
                var (data, failed) = RecordPatch.Apply(patch.Kind, record, patch.Patch, patch.ReservedFlag, cancellationToken);
                return data is null ? (null, failed) : Password(data.Body);
            default:
                throw new InvalidOperationException($"An account has no {operation.GetType().Name}.");
        }
    }

    private (string? Password, Refused? Refusal) Password(ReadOnlyMemory<byte>? body)
    {
        string? password = null;
        using var document = JsonText.Parse(body ?? RecordData.EmptyObject);
        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (!property.NameEquals("password"u8))
            {
                return (null, new Refused("body", "data", "An account has an id and a password, nothing else."));
            }

            password = JsonText.Read(property.Value);
            if (password is null)
            {
                return (null, new Refused("body", "data.password", "should be a string"));
            }
        }

        return password is not null && directory.Refuse(password) is { } refusal
            ? (null, new Refused("body", "data.password", refusal))
            : (password, null);
    }
}

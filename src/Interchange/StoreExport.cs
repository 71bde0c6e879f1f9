using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Storage;

namespace Lockstep.Interchange;

/// <summary>
/// Writes everything, or one account, as lines. Invariants:
/// <list type="number">
/// <item>Each bucket is written as of one moment. Accounts and stores are written before buckets, so that whoever reads knows them.</item>
/// <item>Of what is stored only as much is in memory as one page has, whatever a bucket holds.</item>
/// <item>The same stored data gives the same lines on each engine, in the same order; only the first line differs.</item>
/// </list>
/// </summary>
/// <param name="stores">What is read.</param>
/// <param name="options">What of it.</param>
/// <param name="time">The clock.</param>
public sealed class StoreExport(InterchangeStores stores, ExportOptions options, TimeProvider time)
{
    private const int AtOnce = 1_000;

    private static readonly string[] OfAccounts = ["keyed_accounts", "account_tokens", "account_devices", "account_logins"];

    private readonly PortablePrincipals principals = new(stores);
    private readonly List<string> notes = [];
    private ExportCounts counts = new();

    /// <summary>A line for each thing that could not be exported.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <param name="output">Gets the lines, behind those of <paramref name="from"/>.</param>
    /// <param name="from">Where an earlier export was cut off; null for the beginning.</param>
    /// <param name="onProgress">Hears how far it has come, after each page.</param>
    /// <param name="cancellationToken">Stops it. The file can be gone on with.</param>
    /// <exception cref="InterchangeException">The account is not there, or a file of an attachment is not.</exception>
    /// <exception cref="StoreUnavailableException">The store failed. The file can be gone on with.</exception>
    public async Task<ExportCounts> RunAsync(Stream output, ExportPoint? from, Action<ExportProgress> onProgress, CancellationToken cancellationToken)
    {
        if (options.Account is { } name && await FindAsync(name, cancellationToken) is null)
        {
            throw new InterchangeException($"There is no account '{name}'.");
        }

        if (from is not null && from.Account != options.Account)
        {
            throw new InterchangeException(from.Account is { } other ? $"The file is of the account '{other}' alone. Go on with it by --account." : "The file is of everything. Go on with it without --account.");
        }

        // :: Step 1: who there is.
        using var hash = from?.Hash ?? IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var lines = new LineWriter(output, hash, from?.Length ?? 0);
        counts = from?.Counts ?? counts;
        var total = options.Account is null ? await stores.Snapshots.CountAsync(cancellationToken) : 0;
        if (from is null)
        {
            await WriteHeaderAsync(lines, cancellationToken);
            await WriteAccountsAsync(lines, cancellationToken);
            await WriteStoresAsync(lines, cancellationToken);
            await WriteQuotasAsync(lines, cancellationToken);
        }

        // :: Step 2: buckets.
        var buckets = new BucketWriter(stores, principals, lines);
        await foreach (var (bucket, id) in ListAsync(from?.Last, cancellationToken))
        {
            await using var snapshot = await stores.Snapshots.OpenAsync(id, cancellationToken);
            if (snapshot is null)
            {
                continue;
            }

            if (BucketRestore.IsUnfinished(snapshot.Heads))
            {
                notes.Add($"{bucket} is left out: an import of it has not ended.");
                continue;
            }

            var before = counts;
            var (records, files) = await buckets.WriteAsync(
                bucket,
                snapshot,
                rows =>
                {
                    counts = counts with { Records = counts.Records + rows };
                    onProgress(new ExportProgress(counts, lines.Bytes, total));
                },
                cancellationToken);
            counts = before with { Buckets = before.Buckets + 1, Records = before.Records + records, Files = before.Files + files };
            onProgress(new ExportProgress(counts, lines.Bytes, total));
        }

        // :: Step 3: the end.
        var digest = lines.Digest;
        var end = lines.Begin(LineType.End);
        end.WriteNumber("accounts", counts.Accounts);
        end.WriteNumber("stores", counts.Stores);
        end.WriteNumber("quotas", counts.Quotas);
        end.WriteNumber("buckets", counts.Buckets);
        end.WriteNumber("records", counts.Records);
        end.WriteNumber("files", counts.Files);
        end.WriteString("sha256", digest);
        await lines.EndAsync(cancellationToken, isHashed: false);
        await output.FlushAsync(cancellationToken);
        return counts;
    }

    private async Task WriteHeaderAsync(LineWriter lines, CancellationToken cancellationToken)
    {
        var line = lines.Begin(LineType.Header);
        line.WriteString("format", ExportFormat.Name);
        line.WriteNumber("version", ExportFormat.Version);
        line.WriteString("program", options.Program);
        line.WriteString("source", options.Source);
        line.WriteString("made", time.GetUtcNow().UtcDateTime);
        if (options.Account is { } account)
        {
            line.WriteString("account", account);
        }

        await lines.EndAsync(cancellationToken, isHashed: false);
    }

    private async Task WriteAccountsAsync(LineWriter lines, CancellationToken cancellationToken)
    {
        await foreach (var account in AccountsAsync("", cancellationToken))
        {
            if (account.PasswordHash.StartsWith(AccountHeld, StringComparison.Ordinal))
            {
                notes.Add($"The account '{account.Name}' is left out: an import of it has not ended.");
                continue;
            }

            var line = lines.Begin(LineType.Account);
            line.WriteString("name", account.Name);
            if (!options.WithoutPasswords)
            {
                line.WriteString("password", account.PasswordHash);
            }

            line.WriteNumber("modified", account.Modified.Milliseconds);
            line.WriteNumber("since", account.Since.Milliseconds);
            if (account.IsDisabled)
            {
                line.WriteBoolean("disabled", true);
            }

            await lines.EndAsync(cancellationToken);
            counts = counts with { Accounts = counts.Accounts + 1 };
            foreach (var (table, columns) in KeyedAccountTables.All.Where(static one => OfAccounts.Contains(one.Table, StringComparer.Ordinal)))
            {
                if (options.WithoutPasswords)
                {
                    continue;
                }

                foreach (var row in await stores.Transfer.ReadAsync(table, columns, account.Number, cancellationToken))
                {
                    WriteRow(lines.Begin(LineType.Row), table, columns, row);
                    await lines.EndAsync(cancellationToken);
                }
            }
        }
    }

    private const string AccountHeld = Core.Transfer.IAccountTransfer.Held;

    private static void WriteRow(Utf8JsonWriter line, string table, IReadOnlyList<string> columns, object?[] row)
    {
        line.WriteString("table", table);
        line.WriteStartObject("values");
        for (var i = 0; i < columns.Count; i++)
        {
            var name = columns[i].TrimStart('?');
            switch (row[i])
            {
                case null:
                    break;
                case var _ when name == "account":
                    break;
                case bool flag:
                    line.WriteBoolean(name, flag);
                    break;
                case long number:
                    line.WriteNumber(name, number);
                    break;
                default:
                    line.WriteString(name, (string)row[i]!);
                    break;
            }
        }

        line.WriteEndObject();
    }

    private async Task WriteStoresAsync(LineWriter lines, CancellationToken cancellationToken)
    {
        await foreach (var store in StoresAsync(0, cancellationToken))
        {
            var line = lines.Begin(LineType.Store);
            line.WriteString("issuer", store.User.Issuer);
            line.WriteString("subject", store.User.Subject);
            line.WriteNumber("generation", store.Keys.Generation);
            line.WriteString("fingerprint", store.Keys.Fingerprint);
            line.WriteNumber("keys_changed_at", store.Keys.KeysChangedAt);
            line.WriteNumber("created", store.Created.Milliseconds);
            if (store.QuotaBytes is { } quota)
            {
                line.WriteNumber("quota", quota);
            }

            await lines.EndAsync(cancellationToken);
            counts = counts with { Stores = counts.Stores + 1 };
        }
    }

    private async Task WriteQuotasAsync(LineWriter lines, CancellationToken cancellationToken)
    {
        var written = new SortedDictionary<string, (long? Bytes, long? Records)>(StringComparer.Ordinal);
        foreach (var quota in (await stores.Quotas.ListAsync(cancellationToken)).Quotas)
        {
            var subject = await principals.OfQuotaAsync(quota.Subject.Text, cancellationToken);
            if (options.Account is not { } name || IsOf(subject, PrincipalOf(name)))
            {
                written[subject] = (quota.Bytes, quota.Records);
            }
        }

        foreach (var (subject, (bytes, records)) in written)
        {
            var line = lines.Begin(LineType.Quota);
            line.WriteString("subject", subject);
            if (bytes is { } size)
            {
                line.WriteNumber("bytes", size);
            }

            if (records is { } number)
            {
                line.WriteNumber("records", number);
            }

            await lines.EndAsync(cancellationToken);
            counts = counts with { Quotas = counts.Quotas + 1 };
        }
    }

    private static bool IsOf(string subject, string principal) =>
        subject == "/users/" + principal || (subject + "/").StartsWith($"/buckets/{ExportFormat.DefaultBucket}{Uri.EscapeDataString(principal)}/", StringComparison.Ordinal);

    /// <summary>All buckets in the order of the format, behind one.</summary>
    private async IAsyncEnumerable<(BucketName Name, BucketId Id)> ListAsync(BucketName? behind, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // :: Step 1: those of accounts.
        var kind = behind?.Kind;
        if (kind is null or BucketName.Default or BucketName.OldSync && (kind is null || PrincipalText.IsAccount(PrincipalIn(behind!.Value))))
        {
            var from = kind is null ? "" : NameIn(behind!.Value);
            await foreach (var account in AccountsAsync(from, cancellationToken))
            {
                var principal = PrincipalOf(account.Name);
                if (kind is null || account.Name != from)
                {
                    yield return (new BucketName(BucketName.Default, principal), BucketId.DefaultBucket(stores.DefaultBucketOf(principal, account.Number)));
                }

                if (kind != BucketName.OldSync || account.Name != from)
                {
                    yield return (new BucketName(BucketName.OldSync, account.Name), BucketId.OldSyncStorage(account.Number));
                }
            }

            (kind, behind) = (null, null);
        }

        // :: Step 2: those of Sync users.
        if (kind is null or BucketName.Sync)
        {
            var after = behind is { } last ? await NumberOfAsync(new UserIdentity(last.Issuer, last.Id), cancellationToken) : 0;
            await foreach (var store in StoresAsync(after, cancellationToken))
            {
                yield return (new BucketName(BucketName.Sync, store.User.Subject, store.User.Issuer), BucketId.SyncStorage(FormattableString.Invariant($"{store.Number}")));
            }

            (kind, behind) = (null, null);
        }

        // :: Step 3: those with names of their own.
        if (kind is null or BucketName.Named)
        {
            await foreach (var id in NamedAsync(behind is { } last ? BucketId.Named(last.Id) : null, cancellationToken))
            {
                yield return (new BucketName(BucketName.Named, id.Name), id);
            }

            behind = null;
        }

        // :: Step 4: default buckets of users of other providers.
        var author = behind?.Id ?? "";
        while (options.Account is null && await stores.Snapshots.ListForeignAsync(author, AtOnce, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var (principal, id) in page)
            {
                if (id.Name == stores.DefaultBucketOf(principal, 0))
                {
                    yield return (new BucketName(BucketName.Default, principal), id);
                }
                else
                {
                    notes.Add($"The bucket {id} is left out: it is not the default bucket of its author.");
                }
            }

            author = page[^1].Author;
        }
    }

    private async IAsyncEnumerable<Account> AccountsAsync(string from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (options.Account is { } name)
        {
            if (await FindAsync(name, cancellationToken) is { } only)
            {
                yield return only;
            }

            yield break;
        }

        if (from.Length > 0 && await FindAsync(from, cancellationToken) is { } first)
        {
            yield return first;
        }

        string? last = from.Length > 0 ? from : null;
        while (await stores.Accounts.ListAsync(last, AtOnce, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var account in page.Where(static account => !account.IsBeingDeleted))
            {
                yield return account;
            }

            last = page[^1].Name;
        }
    }

    private async IAsyncEnumerable<Assignment> StoresAsync(long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (options.Account is { } name)
        {
            var (_, columns) = KeyedAccountTables.All.First(static one => one.Table == "keyed_accounts");
            var uid = columns.ToList().IndexOf("uid");
            var account = await FindAsync(name, cancellationToken);
            foreach (var row in account is null ? [] : await stores.Transfer.ReadAsync("keyed_accounts", columns, account.Number, cancellationToken))
            {
                foreach (var store in await stores.Assignments.FindAsync(new UserIdentity(UserIdentity.Local, (string)row[uid]!), cancellationToken))
                {
                    if (store is { Replaced: null, Node: 0 } && store.Number > after)
                    {
                        yield return store;
                    }
                }
            }

            yield break;
        }

        while (await stores.Assignments.ListAsync(after, AtOnce, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var store in page)
            {
                if (store.Node != 0 || store.User.Issuer.StartsWith(AccountHeld, StringComparison.Ordinal))
                {
                    Once($"The Sync storage of '{store.User.Subject}' is left out: {(store.Node != 0 ? "it lies on another node" : "an import of it has not ended")}.");
                    continue;
                }

                yield return store;
            }

            after = page[^1].Number;
        }
    }

    private async IAsyncEnumerable<BucketId> NamedAsync(BucketId? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await stores.Snapshots.ListNamedAsync(after, AtOnce, cancellationToken) is { Count: > 0 } page)
        {
            foreach (var id in page)
            {
                if (options.Account is not { } name
                    || await stores.Buckets.LoadAsync(id, claim: false, cancellationToken) is { Exists: true } heads && await principals.AuthorOfAsync(heads, cancellationToken) == PrincipalOf(name))
                {
                    yield return id;
                }
            }

            after = page[^1];
        }
    }

    private async Task<Account?> FindAsync(string name, CancellationToken cancellationToken) =>
        await stores.Accounts.FindAsync(name, cancellationToken) is { IsBeingDeleted: false } account ? account : null;

    private async Task<long> NumberOfAsync(UserIdentity user, CancellationToken cancellationToken) =>
        await stores.Assignments.FindAsync(user, cancellationToken) is [{ Replaced: null } store, ..]
            ? store.Number
            : throw new InterchangeException($"'{user.Subject}' has another Sync storage by now, so that it is not known where to go on. Export again without --resume.");

    private void Once(string note)
    {
        if (!notes.Contains(note, StringComparer.Ordinal))
        {
            notes.Add(note);
        }
    }

    private static string PrincipalOf(string account) => "account:" + account;

    private static string PrincipalIn(BucketName name) => name.Kind == BucketName.OldSync ? PrincipalOf(name.Id) : name.Id;

    private static string NameIn(BucketName name) => name.Kind == BucketName.OldSync ? name.Id : name.Id["account:".Length..];
}

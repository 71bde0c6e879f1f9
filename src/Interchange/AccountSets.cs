using Lockstep.Core.Assignments;
using Lockstep.Core.Transfer;

namespace Lockstep.Interchange;

/// <summary>Writes accounts with their rows, and Sync storages, some hundreds in a transaction. Until the file has ended they are all held back, so that a set that was lost is written again.</summary>
internal sealed class AccountSets(IAccountTransfer transfer, LocalPrincipals principals)
{
    private const int Most = 500;
    private const long MostBytes = 4 << 20;

    // What a row takes beside its texts.
    private const int RowBytes = 256;

    private readonly List<(FilePlace Place, HeldAccount Account)> accounts = [];
    private readonly List<(FilePlace Place, string Name, HeldRow Row)> rows = [];
    private readonly List<(FilePlace Place, Assignment Store)> stores = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly HashSet<UserIdentity> users = [];
    private (string Name, long Number) last = ("", 0);
    private long bytes;

    /// <summary>How many there were so far.</summary>
    public (long Accounts, long Stores) Held { get; private set; }

    public async ValueTask AddAsync(FilePlace place, HeldAccount account, CancellationToken cancellationToken)
    {
        if (accounts.Count >= Most || bytes >= MostBytes || names.Contains(account.Name))
        {
            await FlushAsync(cancellationToken);
        }

        accounts.Add((place, account));
        names.Add(account.Name);
        bytes += account.PasswordHash.Length;
        Held = Held with { Accounts = Held.Accounts + 1 };
    }

    /// <summary>Adds a row of the account that was added last.</summary>
    public async ValueTask AddAsync(FilePlace place, string table, IReadOnlyList<string> columns, IReadOnlyList<object?> values, CancellationToken cancellationToken)
    {
        if (rows.Count >= Most || bytes >= MostBytes)
        {
            await FlushAsync(cancellationToken);
        }

        rows.Add((place, accounts.Count > 0 ? accounts[^1].Account.Name : last.Name, new HeldRow(table, columns, 0, values)));
        bytes += RowBytes + values.Sum(static value => value is string text ? text.Length : 0);
    }

    public async ValueTask AddAsync(FilePlace place, Assignment store, CancellationToken cancellationToken)
    {
        if (stores.Count >= Most || users.Contains(store.User))
        {
            await FlushAsync(cancellationToken);
        }

        stores.Add((place, store));
        users.Add(store.User);
        Held = Held with { Stores = Held.Stores + 1 };
    }

    /// <summary>Writes what was added.</summary>
    /// <exception cref="InterchangeException">A name or a key is somebody's here.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        // :: Step 1: accounts.
        var former = last;
        IReadOnlyDictionary<string, long> numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        if (accounts.Count > 0)
        {
            numbers = await transfer.HoldAccountsAsync([.. accounts.Select(static one => one.Account)], cancellationToken);
            foreach (var (place, account) in accounts)
            {
                last = (account.Name, numbers.TryGetValue(account.Name, out var number)
                    ? number
                    : throw place.Bad($"there is an account '{account.Name}' here; remove or rename it, or export the others one by one"));
                principals.Remember(account.Name, number);
            }
        }

        // :: Step 2: their rows. Those of an account may begin in the set before.
        if (rows.Count > 0)
        {
            var written = rows.Select(one => one.Row with { Account = numbers.TryGetValue(one.Name, out var number) ? number : former.Number }).ToList();
            if (await transfer.AddAsync(written, cancellationToken) is { } taken)
            {
                throw rows[taken].Place.Bad($"what it names is somebody's here, in the table '{rows[taken].Row.Table}'");
            }
        }

        // :: Step 3: Sync storages.
        if (stores.Count > 0)
        {
            var given = await transfer.HoldStoresAsync([.. stores.Select(static one => one.Store)], cancellationToken);
            for (var i = 0; i < given.Count; i++)
            {
                if (given[i] is null)
                {
                    throw stores[i].Place.Bad($"the user '{stores[i].Store.User.Subject}' has, or had, a Sync storage here");
                }
            }
        }

        accounts.Clear();
        rows.Clear();
        stores.Clear();
        names.Clear();
        users.Clear();
        bytes = 0;
    }
}

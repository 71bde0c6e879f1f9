namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Looks for remains of accounts that are gone, in the home database.</summary>
/// <param name="database">The home database, in a transaction.</param>
/// <param name="findings">Receives findings.</param>
internal sealed class AccountCheck(UpkeepDatabase database, Findings findings)
{
    // More findings would add nothing.
    private const int MostOfATable = 100;

    // The tables that name an account by its number.
    private static readonly (string Table, string What)[] Belongings =
    [
        ("keyed_accounts", "what Firefox needs of it"),
        ("account_tokens", "tokens"),
        ("account_devices", "devices"),
        ("device_commands", "commands for devices"),
        ("account_logins", "a name for Sync 1.1"),
    ];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var (table, what) in Belongings)
        {
            foreach (var number in await NumbersAsync($"SELECT DISTINCT account FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.number = t.account) ORDER BY 1 LIMIT {MostOfATable}"))
            {
                findings.Tell(FindingKind.Account, $"account {number}", $"The account is not there, and {what} of it are in {table}.");
            }
        }

        foreach (var number in await NumbersAsync(
            $"SELECT number FROM accounts a WHERE NOT deleting AND EXISTS (SELECT 1 FROM closed_accounts c WHERE c.number = a.number AND NOT (c.disabled AND a.disabled)) ORDER BY 1 LIMIT {MostOfATable}"))
        {
            findings.Tell(FindingKind.Account, $"account {number}", "The account is there, and nothing can be written in its name, since its number is in closed_accounts.");
        }

        Task<IReadOnlyList<long>> NumbersAsync(string sql) => database.ReadAsync(sql, static reader => reader.Number(0), cancellationToken);
    }
}

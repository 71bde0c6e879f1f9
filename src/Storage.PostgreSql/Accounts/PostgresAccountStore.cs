using Lockstep.Core.Accounts;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Assignments;
using Lockstep.Storage.PostgreSql.Commits;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Accounts;

/// <summary>Accounts, in the home database. Each database has the list of closed accounts.</summary>
/// <param name="database">The home database.</param>
/// <param name="others">The other databases with buckets. Each throws <see cref="Core.Storage.StoreUnavailableException"/> while it is away.</param>
public sealed class PostgresAccountStore(PostgresDatabase database, params IReadOnlyList<Func<PostgresDatabase>> others) : IAccountStore
{
    private const string Columns = "number, name, password, modified, deleting, since, administrator, disabled";

    // The account as it was read: its number, stamp and hash. The number -1 matches any account.
    private const string Expected = "($2 = -1 OR (number = $2 AND modified = $3 AND password = $4))";

    public async ValueTask<Account?> FindAsync(string name, CancellationToken cancellationToken) =>
        First(await QueryAsync($"SELECT {Columns} FROM accounts WHERE name = $1", repeatable: true, cancellationToken, name));

    public ValueTask<IReadOnlyDictionary<string, long>> FindNumbersAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand("SELECT name, number FROM accounts WHERE name = ANY ($1) AND NOT deleting", connection);
            new ParameterList(command.Parameters).AddText([.. names], static name => name);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
            while (await reader.ReadAsync(cancellationToken))
            {
                numbers[reader.GetString(0)] = reader.GetInt64(1);
            }

            return (IReadOnlyDictionary<string, long>)numbers;
        },
        repeatable: true,
        cancellationToken);

    public async ValueTask<Account?> AddAsync(string name, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken) =>
        await FindAsync(name, cancellationToken) is not null ? null : await InsertAsync(name, passwordHash, invitation: null, now, cancellationToken);

    public async ValueTask<Account?> AddInvitedAsync(string name, string passwordHash, string invitation, ServerTimestamp now, CancellationToken cancellationToken) =>
        await InsertAsync(name, passwordHash, invitation, now, cancellationToken);

    public async ValueTask<Account?> ChangePasswordAsync(
        string name, Account? expected, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken) =>
        First(await QueryAsync(
            $"""
            UPDATE accounts SET password = $5, modified = greatest($6, modified + 1)
            WHERE name = $1 AND NOT deleting AND {Expected} RETURNING {Columns}
            """,
            repeatable: expected is null, cancellationToken, [name, .. ValuesOf(expected), passwordHash, now.Milliseconds]));

    public async ValueTask<Account?> BeginDeletionAsync(string name, Account? expected, CancellationToken cancellationToken) =>
        First(await QueryAsync(
            $"UPDATE accounts SET deleting = true WHERE name = $1 AND {Expected} RETURNING {Columns}",
            repeatable: true, cancellationToken, [name, .. ValuesOf(expected)]));

    public ValueTask CloseAsync(long number, CancellationToken cancellationToken) => InEachAsync(one => AccountFence.CloseAsync(one, number, isForGood: true, cancellationToken));

    public async ValueTask<Account?> SetDisabledAsync(long number, bool isDisabled, ServerTimestamp now, CancellationToken cancellationToken) =>
        First(await QueryAsync(
            $"""
            UPDATE accounts SET disabled = ($2 = 1), modified = CASE WHEN disabled = ($2 = 1) THEN modified ELSE greatest($3, modified + 1) END
            WHERE number = $1 AND NOT deleting RETURNING {Columns}
            """,
            repeatable: true, cancellationToken, number, isDisabled ? 1L : 0L, now.Milliseconds));

    public ValueTask SuspendAsync(long number, CancellationToken cancellationToken) => InEachAsync(one => AccountFence.CloseAsync(one, number, isForGood: false, cancellationToken));

    public ValueTask ResumeAsync(long number, CancellationToken cancellationToken) => InEachAsync(one => AccountFence.ResumeAsync(one, number, cancellationToken));

    public async ValueTask EndDeletionAsync(Account account, string principal, CancellationToken cancellationToken)
    {
        // The account is deleted last, so that an interrupted deletion is continued. While it exists, nobody else has the name.
        if (await FindAsync(account.Name, cancellationToken) is not { IsBeingDeleted: true } current || current.Number != account.Number)
        {
            return;
        }

        foreach (var other in others)
        {
            await other().UseAsync(
                async connection =>
                {
                    await using var command = new NpgsqlCommand("UPDATE buckets SET author = NULL WHERE author = $1 AND NOT live", connection);
                    new ParameterList(command.Parameters).AddText(principal);
                    return await command.ExecuteNonQueryAsync(cancellationToken);
                },
                repeatable: true,
                cancellationToken);
        }

        await QueryAsync(
            $"""
            WITH ended AS (DELETE FROM accounts WHERE number = $1 AND deleting RETURNING {Columns}),
            forgotten AS (UPDATE buckets SET author = NULL WHERE author = $2 AND NOT live AND EXISTS (SELECT FROM ended))
            SELECT {Columns} FROM ended
            """,
            repeatable: true, cancellationToken, account.Number, principal);
    }

    public async ValueTask<IReadOnlyList<Account>> ListAsync(string? after, int limit, CancellationToken cancellationToken) =>
        await QueryAsync($"SELECT {Columns} FROM accounts WHERE name > $1 ORDER BY name LIMIT $2", repeatable: true, cancellationToken, after ?? "", (long)limit);

    public async ValueTask<IReadOnlyList<Account>> ListBeingDeletedAsync(CancellationToken cancellationToken) =>
        await QueryAsync($"SELECT {Columns} FROM accounts WHERE deleting ORDER BY name", repeatable: true, cancellationToken);

    /// <summary>Acts in all databases at the same time, so that the time of the slowest counts only once.</summary>
    private async ValueTask InEachAsync(Func<PostgresDatabase, ValueTask> act)
    {
        var acting = new List<Task> { act(database).AsTask() };
        acting.AddRange(others.Select(other => ActInAsync(other)));
        await Task.WhenAll(acting);

        async Task ActInAsync(Func<PostgresDatabase> other) => await act(other());
    }

    private static Account? First(List<Account> accounts) => accounts.Count == 0 ? null : accounts[0];

    private static object[] ValuesOf(Account? expected) => [expected?.Number ?? -1, expected?.Modified.Milliseconds ?? -1, expected?.PasswordHash ?? ""];

    /// <param name="name">The account's name.</param>
    /// <param name="passwordHash">Its hash.</param>
    /// <param name="invitation">Digest of the invitation that is spent with it; null for none.</param>
    /// <param name="now">When it is made.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    private async ValueTask<Account?> InsertAsync(string name, string passwordHash, string? invitation, ServerTimestamp now, CancellationToken cancellationToken) =>
        First(await database.UseAsync(
            async connection =>
            {
                await using var batch = new NpgsqlBatch(connection);
                batch.BatchCommands.Add(database.LockTimeoutCommand());
                Add("SELECT pg_advisory_xact_lock($1, hashtext($2))", parameters =>
                {
                    parameters.Add(AdvisoryLocks.AccountName);
                    parameters.AddText(name);
                });
                InvitationRows.Lock(batch, invitation);
                var (condition, spent) = invitation is null ? ("WHERE true", "") : ($"WHERE {InvitationRows.IsFreeFor(4, 1)}", $", {InvitationRows.Spend(4, "made")}");
                Add(
                    $"""
                    WITH made AS (
                        INSERT INTO accounts (name, password, modified, since) SELECT $1, $2, $3, $3 {condition} ON CONFLICT (name) DO NOTHING RETURNING {Columns}
                    ){spent}
                    SELECT {Columns} FROM made
                    """,
                    parameters =>
                    {
                        parameters.AddText(name);
                        parameters.AddText(passwordHash);
                        parameters.Add(now.Milliseconds);
                        if (invitation is not null)
                        {
                            InvitationRows.Add(parameters, invitation, now);
                        }
                    });
                await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
                for (var before = batch.BatchCommands.Count - 1; before > 0; before--)
                {
                    await reader.NextResultAsync(cancellationToken);
                }

                return await ReadAsync(reader, cancellationToken);

                void Add(string sql, Action<ParameterList> bind)
                {
                    var command = new NpgsqlBatchCommand(sql);
                    bind(new ParameterList(command.Parameters));
                    batch.BatchCommands.Add(command);
                }
            },
            repeatable: false,
            cancellationToken));

    private ValueTask<List<Account>> QueryAsync(string sql, bool repeatable, CancellationToken cancellationToken, params object[] values) =>
        database.UseAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand(sql, connection);
                var parameters = new ParameterList(command.Parameters);
                foreach (var value in values)
                {
                    if (value is long number)
                    {
                        parameters.Add(number);
                    }
                    else
                    {
                        parameters.AddText((string)value);
                    }
                }

                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                return await ReadAsync(reader, cancellationToken);
            },
            repeatable,
            cancellationToken);

    private static async Task<List<Account>> ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var accounts = new List<Account>();
        while (await reader.ReadAsync(cancellationToken))
        {
            accounts.Add(new Account(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), new ServerTimestamp(reader.GetInt64(3)), reader.GetBoolean(4))
            {
                Since = new ServerTimestamp(reader.GetInt64(5)),
                IsAdministrator = reader.GetBoolean(6),
                IsDisabled = reader.GetBoolean(7),
            });
        }

        // The rows arrive before the commit.
        while (await reader.NextResultAsync(cancellationToken))
        {
        }

        return accounts;
    }
}

using Lockstep.Core.Accounts;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Accounts;

/// <summary>Accounts, in the home database.</summary>
/// <param name="database">The home database.</param>
/// <param name="others">Where else buckets lie; each throws <see cref="Core.Storage.StoreUnavailableException"/> while it is away.</param>
public sealed class PostgresAccountStore(PostgresDatabase database, params IReadOnlyList<Func<PostgresDatabase>> others) : IAccountStore
{
    private const string Columns = "number, name, password, modified, deleting";
    private const long AnyStamp = -1;

    // Any number that nothing else in this database locks by; the name's hash is the second half.
    private const int LockClass = 0x6E616D65;

    public async ValueTask<Account?> FindAsync(string name, CancellationToken cancellationToken) =>
        First(await QueryAsync($"SELECT {Columns} FROM accounts WHERE name = $1", repeatable: true, cancellationToken, name));

    public async ValueTask<Account?> AddAsync(string name, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken) =>
        First(await QueryAsync(
            $"INSERT INTO accounts (name, password, modified) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING RETURNING {Columns}",
            repeatable: false, cancellationToken, name, passwordHash, now.Milliseconds));

    public async ValueTask<Account?> ChangePasswordAsync(
        string name, ServerTimestamp? expected, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken) =>
        First(await QueryAsync(
            $"""
            UPDATE accounts SET password = $2, modified = greatest($3, modified + 1)
            WHERE name = $1 AND NOT deleting AND $4 IN (-1, modified) RETURNING {Columns}
            """,
            repeatable: expected is null, cancellationToken, name, passwordHash, now.Milliseconds, expected?.Milliseconds ?? AnyStamp));

    public async ValueTask<bool> BeginDeletionAsync(string name, ServerTimestamp? expected, CancellationToken cancellationToken) =>
        (await QueryAsync(
            $"UPDATE accounts SET deleting = true WHERE name = $1 AND $2 IN (-1, modified) RETURNING {Columns}",
            repeatable: true, cancellationToken, name, expected?.Milliseconds ?? AnyStamp)).Count == 1;

    public async ValueTask EndDeletionAsync(string name, string principal, CancellationToken cancellationToken)
    {
        // The account goes last, so that what was cut off is gone on with.
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
            WITH forgotten AS (UPDATE buckets SET author = NULL WHERE author = $2 AND NOT live)
            DELETE FROM accounts WHERE name = $1 AND deleting RETURNING {Columns}
            """,
            repeatable: true, cancellationToken, name, principal);
    }

    public async ValueTask<IReadOnlyList<Account>> ListAsync(string? after, int limit, CancellationToken cancellationToken) =>
        await QueryAsync($"SELECT {Columns} FROM accounts WHERE name > $1 ORDER BY name LIMIT $2", repeatable: true, cancellationToken, after ?? "", (long)limit);

    public async ValueTask<IReadOnlyList<Account>> ListBeingDeletedAsync(CancellationToken cancellationToken) =>
        await QueryAsync($"SELECT {Columns} FROM accounts WHERE deleting ORDER BY name", repeatable: true, cancellationToken);

    public async ValueTask<IAsyncDisposable> LockNameAsync(string name, CancellationToken cancellationToken) =>
        await database.LockAsync(LockClass, name, cancellationToken);

    private static Account? First(List<Account> accounts) => accounts.Count == 0 ? null : accounts[0];

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

                var accounts = new List<Account>();
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                    accounts.Add(new Account(
                        reader.GetInt64(0), reader.GetString(1), reader.GetString(2), new ServerTimestamp(reader.GetInt64(3)), reader.GetBoolean(4)));
                }

                // The rows come before the commit.
                while (await reader.NextResultAsync(cancellationToken))
                {
                }

                return accounts;
            },
            repeatable,
            cancellationToken);
}

using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.KeyedAccounts;

/// <summary>Runs statements about accounts with a key: one alone, or many in one transaction after the account's row is locked.</summary>
/// <param name="database">The home database.</param>
internal sealed class AccountBatches(PostgresDatabase database)
{
    /// <summary>Runs one statement, and runs it again if its answer was lost.</summary>
    public ValueTask<List<T>> QueryAsync<T>(string sql, Action<ParameterList> bind, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            bind(new ParameterList(command.Parameters));
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(read(reader));
            }

            await reader.NextResultAsync(cancellationToken);
            return rows;
        },
        repeatable: true,
        cancellationToken);

    /// <summary>Runs statements in one transaction.</summary>
    /// <returns>The rows that statements other than locks return.</returns>
    public ValueTask<List<T>> BatchAsync<T>(Action<NpgsqlBatch> fill, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(database.LockTimeoutCommand());
            fill(batch);
            var rows = new List<T>();
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            do
            {
                while (await reader.ReadAsync(cancellationToken))
                {
                    if (!IsLock(reader))
                    {
                        rows.Add(read(reader));
                    }
                }
            }
            while (await reader.NextResultAsync(cancellationToken));
            return rows;
        },
        repeatable: false,
        cancellationToken);

    /// <summary>Adds a statement to a transaction.</summary>
    public static void Add(NpgsqlBatch batch, string sql, Action<ParameterList> bind)
    {
        var command = new NpgsqlBatchCommand(sql);
        bind(new ParameterList(command.Parameters));
        batch.BatchCommands.Add(command);
    }

    /// <summary>Locks the account: the following statements see everything that was committed before them, and other transactions on the account wait.</summary>
    public static void Lock(NpgsqlBatch batch, long account) =>
        Add(batch, "SELECT number AS locked FROM accounts WHERE number = $1 FOR NO KEY UPDATE", parameters => parameters.Add(account));

    private static bool IsLock(NpgsqlDataReader reader) => reader.GetName(0) is "locked" or "set_config";
}

using Lockstep.Core.Storage;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Commits;

/// <summary>
/// Closes an account in one database, for good or until it is resumed. Invariants:
/// <list type="number">
/// <item>The mark is committed before any writer is fenced. A statement that begins after that sees it.</item>
/// <item>A statement that began before the mark either holds its writer's row, and then the fence waits for it; or it gets to the row later and finds it fenced. Then it does
/// nothing and runs again under a new row, where it sees the mark. So once all writers are fenced, every later commit
/// has seen the mark.</item>
/// <item>Writers are fenced one by one: waiting for one that hangs keeps no other from committing.</item>
/// </list>
/// </summary>
internal static class AccountFence
{
    /// <param name="database">The database.</param>
    /// <param name="number">The account's number.</param>
    /// <param name="isForGood">Whether it stays closed. If not, an account that is already closed stays as it is.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StoreUnavailableException">The database is unreachable, or a writer is in the middle of a transaction for longer than the lock time-out.</exception>
    public static async ValueTask CloseAsync(PostgresDatabase database, long number, bool isForGood, CancellationToken cancellationToken) => await database.UseAsync(
        async connection =>
        {
            await using var mark = new NpgsqlCommand(
                isForGood
                    ? "INSERT INTO closed_accounts (number) VALUES ($1) ON CONFLICT (number) DO UPDATE SET disabled = false WHERE closed_accounts.disabled"
                    : "INSERT INTO closed_accounts (number, disabled) VALUES ($1, true) ON CONFLICT DO NOTHING",
                connection);
            new ParameterList(mark.Parameters).Add(number);
            await mark.ExecuteNonQueryAsync(cancellationToken);
            foreach (var writer in await WritersAsync(connection, cancellationToken))
            {
                // Both run in one transaction.
                await using var fence = new NpgsqlBatch(connection);
                fence.BatchCommands.Add(database.LockTimeoutCommand());
                var update = new NpgsqlBatchCommand("UPDATE writers SET fenced = true WHERE writer = $1 AND NOT fenced");
                new ParameterList(update.Parameters).Add(writer);
                fence.BatchCommands.Add(update);
                await fence.ExecuteNonQueryAsync(cancellationToken);
            }

            return true;
        },
        repeatable: true,
        cancellationToken);

    /// <summary>Removes a mark that is not for good.</summary>
    /// <exception cref="StoreUnavailableException">The database is unreachable.</exception>
    public static async ValueTask ResumeAsync(PostgresDatabase database, long number, CancellationToken cancellationToken) => await database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand("DELETE FROM closed_accounts WHERE number = $1 AND disabled", connection);
            new ParameterList(command.Parameters).Add(number);
            return await command.ExecuteNonQueryAsync(cancellationToken);
        },
        repeatable: true,
        cancellationToken);

    private static async Task<List<long>> WritersAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var writers = new List<long>();
        await using var command = new NpgsqlCommand("SELECT writer FROM writers WHERE NOT fenced ORDER BY writer", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            writers.Add(reader.GetInt64(0));
        }

        return writers;
    }
}

using Lockstep.Core.Accounts;
using Lockstep.Silo.Hosting;
using Npgsql;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// Removes counts of failed sign-ins that mean nothing any more from the home database. Which window each has is said in its state, which only a
/// grain can read: so all are kept as long as the longest one, by the database's clock. A grain that has one in memory reads it again before it writes.
/// </summary>
internal sealed class EndedCounts(string connection, LockstepOptions options)
{
    // What Orleans calls the state of a grain that has one.
    private const string StateName = "state";

    private const string Purge =
        """
        DELETE FROM grain_states WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM grain_states WHERE grain_type = $1 AND modified < statement_timestamp() - $2 ORDER BY modified LIMIT $3 FOR UPDATE SKIP LOCKED))
        """;

    private readonly TimeSpan kept = options.Accounts.FailureWindow > SignInLimits.MaxOwnWindow ? options.Accounts.FailureWindow : SignInLimits.MaxOwnWindow;

    /// <param name="limit">Rows at most.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> PurgeAsync(int limit, CancellationToken cancellationToken)
    {
        await using var database = new NpgsqlConnection(connection);
        await database.OpenAsync(cancellationToken);
        await using var purge = new NpgsqlCommand(Purge, database) { Parameters = { new() { Value = StateName }, new() { Value = kept }, new() { Value = (long)limit } } };
        return await purge.ExecuteNonQueryAsync(cancellationToken) == limit;
    }
}

using Lockstep.Core.Accounts;
using Lockstep.Silo.Hosting;
using Npgsql;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// Removes expired counts of failed sign-ins from the home database. Only a grain can read a count's window from its state, so all are kept as long as the longest
/// window, by the database's clock. A grain that has a count in memory reads it again before it writes.
/// </summary>
internal sealed class EndedCounts(string connection, LockstepOptions options)
{
    // Orleans' name for the state of a grain that has a count.
    private const string StateName = "state";

    private const string Purge =
        """
        DELETE FROM grain_states WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM grain_states WHERE grain_type = $1 AND modified < statement_timestamp() - $2 ORDER BY modified LIMIT $3 FOR UPDATE SKIP LOCKED))
        """;

    private readonly TimeSpan kept = options.Accounts.FailureWindow > SignInLimits.MaxOwnWindow ? options.Accounts.FailureWindow : SignInLimits.MaxOwnWindow;

    /// <param name="limit">The maximal number of rows.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Whether there may be more.</returns>
    public async ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken)
    {
        await using var database = new NpgsqlConnection(connection);
        await database.OpenAsync(cancellationToken);
        await using var purge = new NpgsqlCommand(Purge, database) { Parameters = { new() { Value = StateName }, new() { Value = kept }, new() { Value = (long)limit } } };
        return await purge.ExecuteNonQueryAsync(cancellationToken) == limit;
    }
}

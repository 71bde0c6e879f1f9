using Lockstep.Core.Accounts;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql;

/// <summary>
/// All databases of a cluster, in use by this process: the home database, which has the accounts, and any number of others
/// that share the buckets with it. Each has its own lease, writers and connections, so that one that is away takes only its
/// own buckets along.
/// </summary>
public sealed class PostgresShards : IAsyncDisposable
{
    private readonly IReadOnlyList<PostgresDatabase> databases;

    private PostgresShards(IReadOnlyList<PostgresDatabase> databases, ShardMap map)
    {
        this.databases = databases;
        Buckets = databases.Count == 1
            ? new PostgresBucketStore(Home)
            : new ShardedBucketStore(
                [.. databases.Select(static database => new GuardedBucketStore(new PostgresBucketStore(database), () => !database.Lease.IsHeld))], map);
        Accounts = new PostgresAccountStore(Home, [.. databases.Skip(1)]);
    }

    public PostgresDatabase Home => databases[0];

    public IBucketStore Buckets { get; }

    public IAccountStore Accounts { get; }

    /// <summary>Servers and databases, without secrets.</summary>
    public string Description => string.Join(", ", databases.Select(static database => database.Description));

    /// <summary>Connects to all, brings their schemas up to date, looks whether they belong together, and registers this process.</summary>
    /// <param name="options">Which databases. <see cref="PostgresOptions.Connection"/> is set.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onFault">Hears why something was not done, from another thread.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PostgresSetupException">One cannot be reached or used, or is not the one that belongs there.</exception>
    public static async Task<PostgresShards> OpenAsync(
        PostgresOptions options, TimeProvider time, Action<Exception> onFault, CancellationToken cancellationToken = default)
    {
        var prepared = new List<PreparedDatabase>();
        var opened = new List<PostgresDatabase>();
        try
        {
            await PrepareAsync(options, prepared, cancellationToken);
            var (map, secret) = await new ShardSetup(prepared).AgreeAsync(cancellationToken);
            foreach (var database in prepared)
            {
                opened.Add(await PostgresDatabase.BeginAsync(database, secret, time, onFault, cancellationToken));
            }

            return new PostgresShards(opened, map);
        }
        catch
        {
            foreach (var database in opened)
            {
                await database.DisposeAsync();
            }

            await CloseAsync(prepared);
            throw;
        }
    }

    /// <summary>Brings the schemas up to date, whatever the options say, looks whether the databases belong together, and does nothing else.</summary>
    /// <exception cref="PostgresSetupException">One cannot be reached or used, or is not the one that belongs there.</exception>
    public static async Task MigrateAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        var prepared = new List<PreparedDatabase>();
        try
        {
            await PrepareAsync(options with { Migrate = true }, prepared, cancellationToken);
            await new ShardSetup(prepared).AgreeAsync(cancellationToken);
        }
        finally
        {
            await CloseAsync(prepared);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Together: one that is away takes its time.
        await Task.WhenAll(databases.Select(static database => database.DisposeAsync().AsTask()));
    }

    private static async Task PrepareAsync(PostgresOptions options, List<PreparedDatabase> prepared, CancellationToken cancellationToken)
    {
        foreach (var database in options.Databases())
        {
            try
            {
                prepared.Add(await PreparedDatabase.OpenAsync(database, cancellationToken));
            }
            catch (PostgresSetupException e) when (options.Shards.Count > 0 && !e.Message.Contains(database.Setting, StringComparison.Ordinal))
            {
                throw new PostgresSetupException($"{database.Setting}: {e.Message}", e);
            }
        }
    }

    private static async Task CloseAsync(List<PreparedDatabase> prepared)
    {
        foreach (var database in prepared)
        {
            await database.Source.DisposeAsync();
        }
    }
}

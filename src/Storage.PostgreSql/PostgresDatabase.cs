using System.Data;
using Lockstep.Core.Metering;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Accounts;
using Lockstep.Storage.PostgreSql.Commits;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Leases;
using Lockstep.Storage.PostgreSql.Reads;
using Lockstep.Storage.PostgreSql.Rows;
using Lockstep.Storage.PostgreSql.Schema;
using Lockstep.Storage.PostgreSql.Shards;
using Npgsql;

namespace Lockstep.Storage.PostgreSql;

/// <summary>A database in use by this process. Its schema is applied, the lease has begun, and connections are within a budget.</summary>
public sealed class PostgresDatabase : IAsyncDisposable
{
    // One each for the lease, the group of commits and the question after a lost commit; and one for each lane of large commits and of reads.
    private const int KeptConnections = 3 + CommitQueue.LargeLanes + ReadQueue.Lanes;
    public const int MinConnections = KeptConnections + 3;

    private readonly NpgsqlDataSource source;
    private readonly PostgresOptions options;
    private readonly Action<Exception> onFault;
    private readonly SemaphoreSlim readers;

    private PostgresDatabase(NpgsqlDataSource source, PostgresOptions options, TimeProvider time, Action<Exception> onFault, byte[] secret, string description)
    {
        this.source = source;
        this.options = options;
        this.onFault = onFault;
        Secret = secret;
        Description = description;
        readers = new SemaphoreSlim(options.MaxConnections - KeptConnections);
        Metrics = new StoreMetrics(time);
        Lease = new ProcessLease(source, options, time, Report, Metrics.Meter);
        Commits = new CommitQueue(source, Lease, options, time, Report, Metrics);
        Reads = new ReadQueue(source, Lease, ReadOneAsync, Report);
    }

    /// <summary>32 random bytes made with the cluster; ids derived with it cannot be guessed.</summary>
    public ReadOnlyMemory<byte> Secret { get; }

    /// <summary>Server and database, without secrets.</summary>
    public string Description { get; }

    /// <summary>The stamp at which buckets begin that were never written: zero, unless the database was restored from a backup.</summary>
    public ServerTimestamp Floor { get; private set; }

    internal StoreMetrics Metrics { get; }

    internal ProcessLease Lease { get; }

    internal CommitQueue Commits { get; }

    internal ReadQueue Reads { get; }

    /// <summary>Opens a database that is the only one of its cluster; see <see cref="PostgresShards.OpenAsync"/>.</summary>
    /// <param name="options">The database. <see cref="PostgresOptions.Connection"/> is set.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onFault">Receives the reason when something was not done, from another thread.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="PostgresSetupException">It cannot be reached or used.</exception>
    public static async Task<PostgresDatabase> OpenAsync(
        PostgresOptions options, TimeProvider time, Action<Exception> onFault, CancellationToken cancellationToken = default) =>
        (await PostgresShards.OpenAsync(options.Databases()[0], time, onFault, cancellationToken)).Home;

    /// <summary>Only brings the schema of all databases up to date, whatever the options say.</summary>
    /// <returns>The schema's version; where several databases differ, the lowest.</returns>
    /// <exception cref="PostgresSetupException">One cannot be reached or used.</exception>
    public static Task<int> MigrateAsync(PostgresOptions options, CancellationToken cancellationToken) =>
        PostgresShards.MigrateAsync(options, cancellationToken);

    /// <summary>Registers this process in a checked database, and becomes its owner.</summary>
    /// <exception cref="PostgresSetupException">It cannot be written to.</exception>
    internal static async Task<PostgresDatabase> BeginAsync(
        PreparedDatabase prepared, byte[] secret, TimeProvider time, Action<Exception> onFault, CancellationToken cancellationToken)
    {
        var database = new PostgresDatabase(prepared.Source, prepared.Options, time, onFault, secret, prepared.Description);
        try
        {
            await database.Lease.BeginAsync(cancellationToken);
            await using var floor = prepared.Source.CreateCommand("SELECT value FROM meta WHERE name = 'floor'");
            database.Floor = await floor.ExecuteScalarAsync(cancellationToken) is string text && ServerTimestamp.TryParse(text, out var stamp) ? stamp : ServerTimestamp.Zero;
            return database;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            database.Metrics.Dispose();
            throw PostgresFaults.Explain(e, prepared.Options.Setting);
        }
    }

    /// <summary>A separate pool, beside this one's budget, for callers in this process that run their own statements.</summary>
    /// <param name="options">The database.</param>
    /// <param name="maxConnections">Connections at most.</param>
    /// <exception cref="PostgresSetupException">The connection string is invalid.</exception>
    public static string CreateConnectionString(PostgresOptions options, int maxConnections)
    {
        var connection = PostgresConnections.Parse(options);
        connection.ApplicationName = "lockstep-orleans";
        connection.MaxPoolSize = maxConnections;
        return connection.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        await Commits.DisposeAsync();
        await Reads.DisposeAsync();
        await Lease.DisposeAsync();
        await source.DisposeAsync();
        readers.Dispose();
        Metrics.Dispose();
    }

    /// <summary>Runs a read, or another single statement, on a connection of the budget.</summary>
    /// <param name="run">The statement to run. If its connection was lost and <paramref name="repeatable"/> is true, it runs again on another one.</param>
    /// <param name="repeatable">Whether running it twice has the same effect as once.</param>
    /// <param name="cancellationToken">
    /// Gives up waiting. The statement itself goes on to its end: Npgsql cancels by sending the server a request and waiting for its answer, on
    /// the thread of the caller that cancels, and a server that hangs never answers.
    /// </param>
    /// <exception cref="StoreUnavailableException">PostgreSQL could not answer.</exception>
    internal async ValueTask<T> UseAsync<T>(Func<NpgsqlConnection, Task<T>> run, bool repeatable, CancellationToken cancellationToken)
    {
        if (!await readers.WaitAsync(options.ConnectionWait, cancellationToken))
        {
            var full = new StoreUnavailableException("All connections to PostgreSQL are in use.");
            Report(full);
            throw full;
        }

        return await RunAsync(run, repeatable).WaitAsync(cancellationToken);
    }

    /// <summary>A connection of the budget in a transaction of its own.</summary>
    /// <param name="isolation">Whether all reads of the transaction see one state.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StoreUnavailableException">PostgreSQL could not answer.</exception>
    internal async ValueTask<HeldConnection> HoldAsync(IsolationLevel isolation, CancellationToken cancellationToken)
    {
        if (!await readers.WaitAsync(options.ConnectionWait, cancellationToken))
        {
            throw new StoreUnavailableException("All connections to PostgreSQL are in use.");
        }

        try
        {
            return await HeldConnection.BeginAsync(await source.OpenConnectionAsync(cancellationToken), isolation, () => readers.Release(), cancellationToken);
        }
        catch (Exception e)
        {
            readers.Release();
            throw PostgresFaults.IsOfTheDatabase(e) ? new StoreUnavailableException($"PostgreSQL did not answer: {e.Message}", e) : e;
        }
    }

    /// <summary>Runs a statement in a reader's place that is already taken for it.</summary>
    private async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> run, bool repeatable)
    {
        try
        {
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    await using var connection = await source.OpenConnectionAsync(CancellationToken.None);
                    return await run(connection);
                }
                catch (Exception e) when (repeatable && attempt == 0 && PostgresFaults.IsLostConnection(e))
                {
                    // The pool may hold more connections that broke with it. This clears the pool, so that a second try gets a new one.
                    source.Clear();
                }
                catch (Exception e) when (PostgresFaults.IsOfTheDatabase(e))
                {
                    Report(e);
                    throw new StoreUnavailableException($"PostgreSQL did not answer: {e.Message}", e);
                }
            }
        }
        finally
        {
            readers.Release();
        }
    }

    private void Report(Exception fault)
    {
        Metrics.Fault();
        try
        {
            onFault(fault);
        }
        catch (Exception)
        {
            // A listener that fails must not end the lane that reports to it.
        }
    }

    /// <summary>Makes a transaction that waits for the locks of others fail after the lock time-out.</summary>
    internal NpgsqlBatchCommand LockTimeoutCommand()
    {
        var command = new NpgsqlBatchCommand("SELECT set_config('lock_timeout', $1, true)");
        new ParameterList(command.Parameters).AddText($"{(long)options.LockTimeout.TotalMilliseconds}ms");
        return command;
    }

    private async Task<StoredRecord?> ReadOneAsync(long bucket, RecordKey key) => await UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(
                $"SELECT {RecordColumns.Names} FROM records WHERE bucket = $1 AND list = $2 AND id = $3", connection);
            var parameters = new ParameterList(command.Parameters);
            parameters.Add(bucket);
            parameters.Add(key.List);
            parameters.AddText(key.Id);
            await using var reader = await command.ExecuteReaderAsync();
            return await reader.ReadAsync() ? RecordColumns.Read(reader) : null;
        },
        repeatable: true,
        CancellationToken.None);
}

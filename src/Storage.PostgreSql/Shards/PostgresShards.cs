using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Storage;
using Lockstep.Core.Transfer;
using Lockstep.Storage.PostgreSql.Accounts;
using Lockstep.Storage.PostgreSql.Assignments;
using Lockstep.Storage.PostgreSql.Reads;
using Lockstep.Storage.PostgreSql.Connections;
using Lockstep.Storage.PostgreSql.Transfer;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>
/// All databases of a cluster, in use by this process: the home database, which has the accounts and the assignments of stores, and any number of others that
/// share the buckets with it. Each has its own lease, writers and connections, so that a database that is away makes only its own buckets unavailable.
/// </summary>
public sealed class PostgresShards : IAsyncDisposable
{
    private PostgresShards(PostgresDatabase home, IReadOnlyList<ShardDatabase> others, ShardMap map, TimeProvider time)
    {
        Home = home;
        Others = others;
        Accounts = new PostgresAccountStore(home, [.. others.Select(static other => (Func<PostgresDatabase>)other.Get)]);
        Assignments = new PostgresAssignmentStore(home);
        Snapshots = new PostgresBucketSnapshots([() => home, .. others.Select(static other => (Func<PostgresDatabase>)other.Get)], map);
        Transfer = new PostgresAccountTransfer(home);
        if (others.Count == 0)
        {
            Buckets = new PostgresBucketStore(home);
            Index = new PostgresBucketIndex(() => home);
            Maintenance = new PostgresMaintenance(() => home);
            Probes = [new PostgresProbe(() => home, home.Description, shards: null, time)];
            return;
        }

        List<SuspectGuard> guards = [new(() => !home.Lease.IsHeld), .. others.Select(static other => new SuspectGuard(() => other.IsSuspect))];
        List<IBucketStore> stores = [new PostgresBucketStore(home), .. others.Select(static other => new ShardBucketStore(other))];
        List<Func<PostgresDatabase>> databases = [() => home, .. others.Select(static other => (Func<PostgresDatabase>)other.Get)];
        Buckets = new ShardedBucketStore([.. stores.Zip(guards, static (store, guard) => new GuardedBucketStore(store, guard))], map);
        Index = new ShardedBucketIndex(
            [.. databases.Zip(guards, static (database, guard) => new GuardedBucketIndex(new PostgresBucketIndex(database), guard))], map);
        Maintenance = new ShardedMaintenance(
            [new PostgresMaintenance(() => home), .. others.Select(static other => new PostgresMaintenance(other.Find))]);
        Probes =
        [
            new PostgresProbe(() => home, home.Description, map.ShardsOf(0), time),
            .. others.Select((other, i) => new PostgresProbe(other.Find, other.Description, map.ShardsOf(i + 1), time)),
        ];
    }

    public PostgresDatabase Home { get; }

    public IBucketStore Buckets { get; }

    public IBucketIndex Index { get; }

    public IStoreMaintenance Maintenance { get; }

    /// <summary>One for each database, in the order of their numbers.</summary>
    public IReadOnlyList<IDatabaseProbe> Probes { get; }

    public IAccountStore Accounts { get; }

    public IAssignmentStore Assignments { get; }

    public IBucketSnapshots Snapshots { get; }

    public IAccountTransfer Transfer { get; }

    /// <summary>All but <see cref="Home"/>, in the order of their numbers.</summary>
    internal IReadOnlyList<ShardDatabase> Others { get; }

    /// <summary>Servers and databases, without secrets.</summary>
    public string Description => string.Join(", ", Others.Select(static other => other.Description).Prepend(Home.Description));

    /// <summary>
    /// Connects to all databases, brings their schemas up to date, checks that they belong together, and registers this process. Once
    /// the cluster is made, a database other than the home database may be away. It is checked when it is back, and until then its buckets
    /// are unavailable.
    /// </summary>
    /// <param name="options">The databases. <see cref="PostgresOptions.Connection"/> is set.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onFault">Receives the reason when something was not done, from another thread.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="PostgresSetupException">One cannot be used, or is not the one that belongs there.</exception>
    public static async Task<PostgresShards> OpenAsync(
        PostgresOptions options, TimeProvider time, Action<Exception> onFault, CancellationToken cancellationToken = default)
    {
        var named = options.Databases();
        var prepared = new List<PreparedDatabase?>();
        var opened = new List<IAsyncDisposable>();
        try
        {
            var absence = await PrepareAsync(named, prepared, cancellationToken);
            var (map, identity) = await new ShardSetup(prepared, absence).AgreeAsync(cancellationToken);
            var secret = Convert.FromHexString(identity.Secret!);
            var home = await PostgresDatabase.BeginAsync(prepared[0]!, secret, time, onFault, cancellationToken);
            opened.Add(home);
            var further = new List<ShardDatabase>();
            for (var i = 1; i < named.Count; i++)
            {
                var number = i;
                further.Add(prepared[number] is { } there
                    ? new ShardDatabase(await PostgresDatabase.BeginAsync(there, secret, time, onFault, cancellationToken))
                    : new ShardDatabase(named[number].Setting, stopping => OpenLateAsync(number, stopping), time, onFault));
                opened.Add(further[^1]);
            }

            return new PostgresShards(home, further, map, time);

            async Task<PostgresDatabase> OpenLateAsync(int number, CancellationToken stopping)
            {
                var late = await PreparedDatabase.OpenAsync(named[number], stopping);
                try
                {
                    await ShardSetup.CheckAsync(number, late, identity, stopping);
                    return await PostgresDatabase.BeginAsync(late, secret, time, onFault, stopping);
                }
                catch
                {
                    await late.Source.DisposeAsync();
                    throw;
                }
            }
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

    /// <summary>Brings the schemas up to date, whatever the options say, and checks that the databases belong together. Does nothing else.</summary>
    /// <returns>The schema's version; where they differ, the lowest.</returns>
    /// <exception cref="PostgresSetupException">One cannot be reached or used, or is not the one that belongs there.</exception>
    public static Task<int> MigrateAsync(PostgresOptions options, CancellationToken cancellationToken) =>
        CheckAsync(options with { Migrate = true }, cancellationToken);

    /// <summary>Checks that all databases are there, have the schema and belong together. Brings the schemas up to date if the options say so.</summary>
    /// <returns>The schema's version; where they differ, the lowest.</returns>
    /// <exception cref="PostgresSetupException">One cannot be reached or used, or is not the one that belongs there.</exception>
    public static async Task<int> CheckAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        var prepared = new List<PreparedDatabase?>();
        try
        {
            var absence = await PrepareAsync(options.Databases(), prepared, cancellationToken);
            await (absence is null ? new ShardSetup(prepared, absence: null).AgreeAsync(cancellationToken) : throw absence);
            return prepared.Min(static database => database!.Schema);
        }
        finally
        {
            await CloseAsync(prepared);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // At the same time, since a database that is away takes its time.
        await Task.WhenAll(Others.Select(static other => other.DisposeAsync().AsTask()).Append(Home.DisposeAsync().AsTask()));
    }

    /// <param name="named">The databases.</param>
    /// <param name="prepared">Receives them, and null for one that is away.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Why one is away.</returns>
    private static async Task<PostgresSetupException?> PrepareAsync(
        IReadOnlyList<PostgresOptions> named, List<PreparedDatabase?> prepared, CancellationToken cancellationToken)
    {
        PostgresSetupException? absence = null;
        foreach (var database in named)
        {
            try
            {
                prepared.Add(await PreparedDatabase.OpenAsync(database, cancellationToken));
            }
            catch (PostgresSetupException e) when (prepared.Count > 0 && PostgresFaults.IsAway(e.InnerException))
            {
                absence = e;
                prepared.Add(null);
            }
            catch (PostgresSetupException e) when (named.Count > 1 && !e.Message.Contains(database.Setting, StringComparison.Ordinal))
            {
                throw new PostgresSetupException($"{database.Setting}: {e.Message}", e);
            }
        }

        return absence;
    }

    private static async Task CloseAsync(List<PreparedDatabase?> prepared)
    {
        foreach (var database in prepared)
        {
            if (database is not null)
            {
                await database.Source.DisposeAsync();
            }
        }
    }
}

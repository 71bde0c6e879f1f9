using System.Globalization;
using System.Security.Cryptography;
using Lockstep.Storage.PostgreSql.Connections;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>
/// Agrees with the databases, at start, on which of them has which shards. Invariants:
/// <list type="number">
/// <item>The home database determines how many there are, from the first start on and for good.</item>
/// <item>No bucket is written anywhere before each database has its cluster, map and number. The home's number is written
/// last. So from then on an empty database is one that was lost or mixed up, never a new one.</item>
/// <item>Each fact is written once, by whoever comes first, and everybody follows it. So of many processes that
/// start at once, all come to the same result, or are refused.</item>
/// <item>All databases are checked before anything is written to the others.</item>
/// </list>
/// </summary>
/// <param name="databases">In the order of their numbers; null for one that is away, which the home database is not.</param>
/// <param name="absence">The reason why one is away.</param>
internal sealed class ShardSetup(IReadOnlyList<PreparedDatabase?> databases, PostgresSetupException? absence)
{
    private PreparedDatabase Home => databases[0]!;

    /// <returns>The map, and the identity of the home database.</returns>
    /// <exception cref="PostgresSetupException">They do not belong together, or one cannot be read.</exception>
    public async Task<(ShardMap Map, DatabaseIdentity Home)> AgreeAsync(CancellationToken cancellationToken)
    {
        // :: What the home says
        var home = await MakeHomeAsync(cancellationToken);
        if (home.Number is null && absence is not null)
        {
            // Making the cluster needs all of them.
            throw absence;
        }

        if (home.Map is null)
        {
            if (databases.Count > 1 && home.HasBuckets)
            {
                throw new PostgresSetupException(
                    $"The database of {Home.Options.Setting} holds buckets already. The number of databases is chosen when all are empty: take Postgres:Shards out, or begin with empty databases.");
            }

            await FindNewAsync(home, cancellationToken);
            home = await MapAsync(cancellationToken);
        }

        var map = Read(home.Map!);
        if (map.Databases != databases.Count)
        {
            throw new PostgresSetupException(await ExplainNumberAsync(home, map, cancellationToken));
        }

        // :: What the others say
        foreach (var number in await FindNewAsync(home, cancellationToken))
        {
            var database = databases[number]!;
            await WriteAsync(database, cancellationToken, ("cluster", home.Cluster!), (DatabaseIdentity.MapName, map.Text), Number(number));
            if (IsNew(number, database.Options.Setting, await ReadAsync(database, cancellationToken), home))
            {
                throw new PostgresSetupException($"{database.Options.Setting} does not keep what is written to it.");
            }
        }

        // :: From here on there may be buckets.
        if (home.Number is null)
        {
            await WriteAsync(Home, cancellationToken, Number(0));
        }

        return (map, home);
    }

    /// <summary>Checks a database that was away.</summary>
    /// <exception cref="PostgresSetupException">It is not the database that has this number.</exception>
    public static async Task CheckAsync(int number, PreparedDatabase database, DatabaseIdentity home, CancellationToken cancellationToken) =>
        IsNew(number, database.Options.Setting, await ReadAsync(database, cancellationToken), home);

    private static (string Name, string Value) Number(int number) =>
        (DatabaseIdentity.NumberName, number.ToString(CultureInfo.InvariantCulture));

    private async Task<DatabaseIdentity> MakeHomeAsync(CancellationToken cancellationToken)
    {
        var home = await ReadAsync(Home, cancellationToken);
        if (home.Cluster is null)
        {
            await WriteAsync(Home, cancellationToken, ("cluster", Guid.NewGuid().ToString()), ("secret", Convert.ToHexString(RandomNumberGenerator.GetBytes(32))));
            home = await ReadAsync(Home, cancellationToken);
        }

        return home.Number is > 0
                ? throw new PostgresSetupException(
                    $"{Home.Options.Setting} names database {home.Number} of its cluster, which has no accounts. Name the home database there, and this one in Postgres:Shards:{home.Number}.")
            : home.Secret is null ? throw new PostgresSetupException($"The database of {Home.Options.Setting} has no secret in its table meta. Restore it from a backup.")
            : home;
    }

    /// <summary>A single database has nobody to wait for, so it gets its number at once.</summary>
    private async Task<DatabaseIdentity> MapAsync(CancellationToken cancellationToken)
    {
        var map = (DatabaseIdentity.MapName, ShardMap.Even(databases.Count).Text);
        await (databases.Count == 1 ? WriteAsync(Home, cancellationToken, map, Number(0)) : WriteAsync(Home, cancellationToken, map));
        return await ReadAsync(Home, cancellationToken);
    }

    private ShardMap Read(string map)
    {
        try
        {
            return ShardMap.Parse(map);
        }
        catch (FormatException e)
        {
            throw new PostgresSetupException($"The map of shards in the database of {Home.Options.Setting} cannot be used: {e.Message} Restore it from a backup.", e);
        }
    }

    /// <returns>Numbers of databases to add to the cluster.</returns>
    private async Task<List<int>> FindNewAsync(DatabaseIdentity home, CancellationToken cancellationToken)
    {
        var found = new List<int>();
        for (var number = 1; number < databases.Count; number++)
        {
            if (databases[number] is { } database && IsNew(number, database.Options.Setting, await ReadAsync(database, cancellationToken), home))
            {
                found.Add(number);
            }
        }

        return found;
    }

    /// <returns>Whether it belongs to no cluster yet, and may be added to this one.</returns>
    /// <exception cref="PostgresSetupException">It is not the database that has this number.</exception>
    private static bool IsNew(int number, string setting, DatabaseIdentity database, DatabaseIdentity home)
    {
        var problem = database switch
        {
            { Cluster: null, HasBuckets: true } or { Cluster: null, HasAccounts: true } =>
                $"{setting} names a database that holds buckets or accounts already. Name an empty one.",
            { Cluster: null } when home.Number is not null =>
                $"{setting} names an empty database, but database {number} of the cluster was made before and holds buckets. Look at the connection; if the database is lost, restore its backup.",
            { Cluster: null } => null,
            _ when !string.Equals(database.Cluster, home.Cluster, StringComparison.Ordinal) =>
                $"{setting} names a database that belongs to another cluster ({database.Cluster}) than that of {PostgresOptions.HomeSetting} ({home.Cluster}). Look at both connections; a new member must be empty, without tables.",
            { Number: 0 or null, Secret: not null } => $"{setting} names the home database, which is in {PostgresOptions.HomeSetting} already. Database {number} belongs there.",
            _ when database.Number != number =>
                $"{setting} names database {database.Number} of the cluster; database {number} belongs there. Put the connections in the order of the numbers.",
            _ when home.Map is not null && !string.Equals(database.Map, home.Map, StringComparison.Ordinal) =>
                $"The database of {setting} has another map of shards than that of {PostgresOptions.HomeSetting}. Was one of them restored from an old backup?",
            _ => null,
        };
        return problem is null ? database.Cluster is null : throw new PostgresSetupException(problem);
    }

    private async Task<string> ExplainNumberAsync(DatabaseIdentity home, ShardMap map, CancellationToken cancellationToken)
    {
        var counted = map.Databases == 1 ? "one database" : $"{map.Databases} databases";
        if (databases.Count > map.Databases)
        {
            return $"The cluster was made with {counted}, and {databases.Count} are named. The number stays as it was at the first start: take out Postgres:Shards:{map.Databases} and above, or begin with empty databases.";
        }

        var named = new HashSet<int>();
        for (var number = 0; number < databases.Count; number++)
        {
            if (databases[number] is not { } database)
            {
                named.Add(number);
            }
            else if (await ReadAsync(database, cancellationToken) is { Number: { } found } identity
                && string.Equals(identity.Cluster, home.Cluster, StringComparison.Ordinal))
            {
                named.Add(found);
            }
        }

        var missing = Enumerable.Range(1, map.Databases - 1).Where(number => !named.Contains(number))
            .Select(number => $"Postgres:Shards:{number} (virtual shards {map.ShardsOf(number)})");
        return $"The cluster has {counted}, and {databases.Count} {(databases.Count == 1 ? "is" : "are")} named. Missing: {string.Join(", ", missing)}.";
    }

    private static async Task<DatabaseIdentity> ReadAsync(PreparedDatabase database, CancellationToken cancellationToken)
    {
        var setting = database.Options.Setting;
        try
        {
            var identity = await DatabaseIdentity.ReadAsync(database.Source, cancellationToken);
            return identity.CopiedFrom is null ? identity : throw new PostgresSetupException(
                $"A copy into the database of {setting} was begun and not ended (from {identity.CopiedFrom}). Run the command 'copy' again, until it says that it is done.");
        }
        catch (Exception e) when (e is not (PostgresSetupException or OperationCanceledException))
        {
            throw PostgresFaults.Explain(e, setting);
        }
    }

    private static async Task WriteAsync(PreparedDatabase database, CancellationToken cancellationToken, params (string Name, string Value)[] facts)
    {
        try
        {
            await DatabaseIdentity.WriteAsync(database.Source, cancellationToken, facts);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw PostgresFaults.Explain(e, database.Options.Setting);
        }
    }
}

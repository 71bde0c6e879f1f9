using Lockstep.Core.Buckets;
using Lockstep.Core.Push;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Push;

/// <summary>Push subscriptions, in the home database.</summary>
/// <param name="database">The home database.</param>
public sealed class PostgresPushStore(PostgresDatabase database) : IPushStore
{
    private const string Columns = "owner, id, bucket, collection, path, endpoint, p256dh, auth, modified, told, due, tries";

    public async ValueTask<PushSubscription?> FindAsync(string owner, string id, CancellationToken cancellationToken)
    {
        var found = await ListAsync(
            $"SELECT {Columns} FROM push_subscriptions WHERE owner = $1 AND id = $2",
            parameters =>
            {
                parameters.AddText(owner);
                parameters.AddText(id);
            },
            cancellationToken);
        return found.Count == 0 ? null : found[0];
    }

    public ValueTask<IReadOnlyList<PushSubscription>> ListAsync(string owner, CancellationToken cancellationToken) =>
        ListAsync($"SELECT {Columns} FROM push_subscriptions WHERE owner = $1 ORDER BY id", parameters => parameters.AddText(owner), cancellationToken);

    public ValueTask<IReadOnlyList<PushSubscription>> ListAsync(
        IReadOnlyCollection<BucketId> buckets, PushSubscription? after, int limit, CancellationToken cancellationToken) => ListAsync(
        $"SELECT {Columns} FROM push_subscriptions WHERE bucket = ANY($1) AND (owner, id) > ($2, $3) ORDER BY owner, id LIMIT $4",
        parameters =>
        {
            parameters.AddText(buckets.ToArray(), static bucket => bucket.Value);
            parameters.AddText(after?.Owner ?? "");
            parameters.AddText(after?.Id ?? "");
            parameters.Add((long)limit);
        },
        cancellationToken);

    public ValueTask<PushChange> PutAsync(PushSubscription next, ServerTimestamp read, int most, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            // The last SELECT sees the rows as they were before the statement.
            await using var command = new NpgsqlCommand(
                $"""
                WITH changed AS (
                    UPDATE push_subscriptions SET bucket = $3, collection = $4, path = $5, endpoint = $6, p256dh = $7, auth = $8, modified = $9, told = $10, due = $11, tries = $12
                    WHERE owner = $1 AND id = $2 AND modified = $13 RETURNING 1
                ), added AS (
                    INSERT INTO push_subscriptions ({Columns})
                    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
                    WHERE $13 = 0 AND (SELECT count(*) FROM push_subscriptions WHERE owner = $1) < $14
                    ON CONFLICT DO NOTHING RETURNING 1
                )
                SELECT EXISTS (SELECT FROM changed) OR EXISTS (SELECT FROM added), EXISTS (SELECT FROM push_subscriptions WHERE owner = $1 AND id = $2),
                    (SELECT count(*) FROM push_subscriptions WHERE owner = $1)
                """,
                connection);
            var parameters = new ParameterList(command.Parameters);
            foreach (var text in new[] { next.Owner, next.Id, next.Bucket.Value, next.Collection, next.Path, next.Endpoint, next.PublicKey, next.AuthSecret })
            {
                parameters.AddText(text);
            }

            parameters.Add(next.Modified.Milliseconds);
            parameters.Add(next.Told.Milliseconds);
            parameters.Add(next.Due.Milliseconds);
            parameters.Add(next.Tries);
            parameters.Add(read.Milliseconds);
            parameters.Add((long)most);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            return reader.GetBoolean(0) ? PushChange.Done
                : read == ServerTimestamp.Zero && !reader.GetBoolean(1) && reader.GetInt64(2) >= most ? PushChange.Full
                : PushChange.ReadAgain;
        },
        repeatable: false,
        cancellationToken);

    public async ValueTask<bool> NoteAsync(PushSubscription read, PushSubscription next, CancellationToken cancellationToken) => await ExecuteAsync(
        "UPDATE push_subscriptions SET told = $6, due = $7, tries = $8 WHERE owner = $1 AND id = $2 AND modified = $3 AND told = $4 AND due = $5",
        parameters =>
        {
            Add(parameters, read);
            parameters.Add(read.Told.Milliseconds);
            parameters.Add(read.Due.Milliseconds);
            parameters.Add(next.Told.Milliseconds);
            parameters.Add(next.Due.Milliseconds);
            parameters.Add(next.Tries);
        },
        repeatable: false,
        cancellationToken) == 1;

    public async ValueTask<bool> RemoveAsync(PushSubscription read, CancellationToken cancellationToken) => await ExecuteAsync(
        "DELETE FROM push_subscriptions WHERE owner = $1 AND id = $2 AND modified = $3", parameters => Add(parameters, read), repeatable: false, cancellationToken) == 1;

    public async ValueTask RemoveAllAsync(string owner, CancellationToken cancellationToken) => await ExecuteAsync(
        "DELETE FROM push_subscriptions WHERE owner = $1", parameters => parameters.AddText(owner), repeatable: true, cancellationToken);

    public async ValueTask<bool> PurgeAsync(ServerTimestamp before, int limit, CancellationToken cancellationToken) => await ExecuteAsync(
        "DELETE FROM push_subscriptions WHERE (owner, id) IN (SELECT owner, id FROM push_subscriptions WHERE modified < $1 ORDER BY modified LIMIT $2)",
        parameters =>
        {
            parameters.Add(before.Milliseconds);
            parameters.Add((long)limit);
        },
        repeatable: true,
        cancellationToken) == limit;

    private static void Add(ParameterList parameters, PushSubscription read)
    {
        parameters.AddText(read.Owner);
        parameters.AddText(read.Id);
        parameters.Add(read.Modified.Milliseconds);
    }

    private ValueTask<IReadOnlyList<PushSubscription>> ListAsync(string sql, Action<ParameterList> bind, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            bind(new ParameterList(command.Parameters));
            var all = new List<PushSubscription>();
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                all.Add(Read(reader));
            }

            return (IReadOnlyList<PushSubscription>)all;
        },
        repeatable: true,
        cancellationToken);

    private ValueTask<int> ExecuteAsync(string sql, Action<ParameterList> bind, bool repeatable, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            bind(new ParameterList(command.Parameters));
            return await command.ExecuteNonQueryAsync(cancellationToken);
        },
        repeatable,
        cancellationToken);

    private static PushSubscription Read(NpgsqlDataReader reader) => new()
    {
        Owner = reader.GetString(0),
        Id = reader.GetString(1),
        Bucket = BucketId.Parse(reader.GetString(2)),
        Collection = reader.GetString(3),
        Path = reader.GetString(4),
        Endpoint = reader.GetString(5),
        PublicKey = reader.GetString(6),
        AuthSecret = reader.GetString(7),
        Modified = new ServerTimestamp(reader.GetInt64(8)),
        Told = new ServerTimestamp(reader.GetInt64(9)),
        Due = new ServerTimestamp(reader.GetInt64(10)),
        Tries = reader.GetInt32(11),
    };
}

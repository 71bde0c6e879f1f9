using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Push;
using Lockstep.Core.Time;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Push;

/// <summary>Push subscriptions in the same file as the accounts. The file's only writer runs one job at a time, so what a job reads stays true until it has written.</summary>
public sealed class SqlitePushStore(SqliteDatabase database) : IPushStore
{
    private const string Columns = "owner, id, bucket, collection, path, endpoint, p256dh, auth, modified, told, due, tries";

    public ValueTask<PushSubscription?> FindAsync(string owner, string id, CancellationToken cancellationToken) => ValueTask.FromResult(database.Read(statements =>
    {
        using var reader = statements.Prepare($"SELECT {Columns} FROM push_subscriptions WHERE owner = $0 AND id = $1", owner, id).ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    }));

    public ValueTask<IReadOnlyList<PushSubscription>> ListAsync(string owner, CancellationToken cancellationToken) => ValueTask.FromResult(database.Read(statements =>
        List(statements.Prepare($"SELECT {Columns} FROM push_subscriptions WHERE owner = $0 ORDER BY id", owner))));

    public ValueTask<IReadOnlyList<PushSubscription>> ListAsync(
        IReadOnlyCollection<BucketId> buckets, PushSubscription? after, int limit, CancellationToken cancellationToken) => ValueTask.FromResult(database.Read(statements =>
        List(statements.Prepare(
            $"""
            SELECT {Columns} FROM push_subscriptions
            WHERE bucket IN (SELECT value FROM json_each($0)) AND (owner, id) > ($1, $2) ORDER BY owner, id LIMIT $3
            """,
            JsonSerializer.Serialize(buckets.Select(static bucket => bucket.Value)), after?.Owner ?? "", after?.Id ?? "", (long)limit))));

    public ValueTask<PushChange> PutAsync(PushSubscription next, ServerTimestamp read, int most, CancellationToken cancellationToken) => database.WriteAsync(statements =>
    {
        var stored = statements.Scalar("SELECT modified FROM push_subscriptions WHERE owner = $0 AND id = $1", next.Owner, next.Id) as long? ?? 0;
        if (stored != read.Milliseconds)
        {
            return PushChange.ReadAgain;
        }

        if (stored == 0 && (long)statements.Scalar("SELECT count(*) FROM push_subscriptions WHERE owner = $0", next.Owner)! >= most)
        {
            return PushChange.Full;
        }

        statements.Execute(
            $"INSERT OR REPLACE INTO push_subscriptions ({Columns}) VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            next.Owner, next.Id, next.Bucket.Value, next.Collection, next.Path, next.Endpoint, next.PublicKey, next.AuthSecret,
            next.Modified.Milliseconds, next.Told.Milliseconds, next.Due.Milliseconds, (long)next.Tries);
        return PushChange.Done;
    });

    public ValueTask<bool> NoteAsync(PushSubscription read, PushSubscription next, CancellationToken cancellationToken) => database.WriteAsync(statements => statements.Execute(
        "UPDATE push_subscriptions SET told = $5, due = $6, tries = $7 WHERE owner = $0 AND id = $1 AND modified = $2 AND told = $3 AND due = $4",
        read.Owner, read.Id, read.Modified.Milliseconds, read.Told.Milliseconds, read.Due.Milliseconds,
        next.Told.Milliseconds, next.Due.Milliseconds, (long)next.Tries) == 1);

    public ValueTask<bool> RemoveAsync(PushSubscription read, CancellationToken cancellationToken) => database.WriteAsync(statements => statements.Execute(
        "DELETE FROM push_subscriptions WHERE owner = $0 AND id = $1 AND modified = $2", read.Owner, read.Id, read.Modified.Milliseconds) == 1);

    public async ValueTask RemoveAllAsync(string owner, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements => statements.Execute("DELETE FROM push_subscriptions WHERE owner = $0", owner));

    public ValueTask<bool> PurgeAsync(ServerTimestamp before, int limit, CancellationToken cancellationToken) => database.WriteAsync(statements => statements.Execute(
        "DELETE FROM push_subscriptions WHERE (owner, id) IN (SELECT owner, id FROM push_subscriptions WHERE modified < $0 ORDER BY modified LIMIT $1)",
        before.Milliseconds, (long)limit) == limit);

    private static IReadOnlyList<PushSubscription> List(SqliteCommand command)
    {
        var all = new List<PushSubscription>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            all.Add(Read(reader));
        }

        return all;
    }

    private static PushSubscription Read(SqliteDataReader reader) => new()
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

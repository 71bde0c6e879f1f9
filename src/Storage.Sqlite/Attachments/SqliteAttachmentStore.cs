using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Microsoft.Data.Sqlite;

namespace Lockstep.Storage.Sqlite.Attachments;

/// <summary>Files in the same database as the buckets. Each piece is durable once it is written.</summary>
public sealed class SqliteAttachmentStore(SqliteDatabase database) : IAttachmentStore, IAttachmentContent
{
    /// <summary>The columns that <see cref="Read"/> reads.</summary>
    internal const string Columns = "id, bucket, collection, record, created, file_name, media_type, size, hash";

    public async ValueTask AddAsync(Attachment attachment, CancellationToken cancellationToken) => await database.WriteAsync(statements => statements.Execute(
        $"INSERT INTO attachments ({Columns}, looked_at) VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $4)",
        attachment.Id, attachment.Bucket.Value, attachment.Collection, attachment.Record, attachment.Created.Milliseconds, attachment.FileName, attachment.MediaType,
        attachment.Size, attachment.Hash));

    public async ValueTask EndAsync(string id, long size, string hash, CancellationToken cancellationToken)
    {
        if (await database.WriteAsync(statements => statements.Execute("UPDATE attachments SET size = $1, hash = $2 WHERE id = $0", id, size, hash)) == 0)
        {
            throw new StoreUnavailableException($"The file {id} was removed before it was there whole.");
        }
    }

    public ValueTask<Attachment?> FindAsync(string id, CancellationToken cancellationToken) => ValueTask.FromResult(database.Read(statements =>
    {
        using var reader = statements.Prepare($"SELECT {Columns} FROM attachments WHERE id = $0 AND size IS NOT NULL", id).ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    }));

    public ValueTask<IReadOnlyList<Attachment>> ListAsync(ServerTimestamp before, int limit, CancellationToken cancellationToken) =>
        ValueTask.FromResult(database.Read(statements =>
        {
            var found = new List<Attachment>();
            using var reader = statements.Prepare($"SELECT {Columns} FROM attachments WHERE looked_at < $0 ORDER BY looked_at LIMIT $1", before.Milliseconds, limit).ExecuteReader();
            while (reader.Read())
            {
                found.Add(Read(reader));
            }

            return (IReadOnlyList<Attachment>)found;
        }));

    public async ValueTask MarkAsync(IReadOnlyCollection<string> ids, ServerTimestamp now, CancellationToken cancellationToken)
    {
        if (ids.Count > 0)
        {
            await database.WriteAsync(statements => ids.Sum(id => statements.Execute("UPDATE attachments SET looked_at = $1 WHERE id = $0", id, now.Milliseconds)));
        }
    }

    async ValueTask IAttachmentStore.RemoveAsync(string id, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements => statements.Execute("DELETE FROM attachments WHERE id = $0", id));

    public async ValueTask AppendAsync(string id, int number, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        var content = piece.ToArray();
        await database.WriteAsync(statements => statements.Execute("INSERT INTO attachment_pieces (attachment, number, content) VALUES ($0, $1, $2)", id, number, content));
    }

    ValueTask IAttachmentContent.EndAsync(string id, CancellationToken cancellationToken) => default;

    public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string id, int number, CancellationToken cancellationToken) => ValueTask.FromResult(database.Read(statements =>
        statements.Scalar("SELECT content FROM attachment_pieces WHERE attachment = $0 AND number = $1", id, number) is byte[] content ? content : default(ReadOnlyMemory<byte>?)));

    async ValueTask IAttachmentContent.RemoveAsync(string id, CancellationToken cancellationToken) =>
        await database.WriteAsync(statements => statements.Execute("DELETE FROM attachment_pieces WHERE attachment = $0", id));

    internal static Attachment Read(SqliteDataReader reader) =>
        new(reader.GetString(0), BucketId.Parse(reader.GetString(1)), reader.GetString(2), reader.GetString(3), new ServerTimestamp(reader.GetInt64(4)))
        {
            FileName = reader.GetString(5),
            MediaType = reader.GetString(6),
            Size = reader.IsDBNull(7) ? null : reader.GetInt64(7),
            Hash = reader.GetString(8),
        };
}

using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.PostgreSql.Rows;
using Npgsql;

namespace Lockstep.Storage.PostgreSql.Attachments;

/// <summary>Files, in the home database. Each piece is durable once it is written.</summary>
/// <param name="database">The home database.</param>
public sealed class PostgresAttachmentStore(PostgresDatabase database) : IAttachmentStore, IAttachmentContent
{
    private const string Columns = "id, bucket, collection, record, created, file_name, media_type, size, hash";

    public ValueTask AddAsync(Attachment attachment, CancellationToken cancellationToken) => WriteAsync(
        $"INSERT INTO attachments ({Columns}, looked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $5)",
        parameters =>
        {
            parameters.AddText(attachment.Id);
            parameters.AddText(attachment.Bucket.Value);
            parameters.AddText(attachment.Collection);
            parameters.AddText(attachment.Record);
            parameters.Add(attachment.Created.Milliseconds);
            parameters.AddText(attachment.FileName);
            parameters.AddText(attachment.MediaType);
            parameters.AddNumber(attachment.Size);
            parameters.AddText(attachment.Hash);
        },
        cancellationToken);

    public async ValueTask EndAsync(string id, long size, string hash, CancellationToken cancellationToken)
    {
        var ended = await CountAsync(
            "UPDATE attachments SET size = $2, hash = $3 WHERE id = $1",
            parameters =>
            {
                parameters.AddText(id);
                parameters.Add(size);
                parameters.AddText(hash);
            },
            cancellationToken);
        if (ended == 0)
        {
            throw new StoreUnavailableException($"The file {id} was removed before it was there whole.");
        }
    }

    public async ValueTask<Attachment?> FindAsync(string id, CancellationToken cancellationToken) =>
        (await ReadAsync($"SELECT {Columns} FROM attachments WHERE id = $1 AND size IS NOT NULL", parameters => parameters.AddText(id), cancellationToken)) is [var found] ? found : null;

    public async ValueTask<IReadOnlyList<Attachment>> ListAsync(ServerTimestamp before, int limit, CancellationToken cancellationToken) => await ReadAsync(
        $"SELECT {Columns} FROM attachments WHERE looked_at < $1 ORDER BY looked_at LIMIT $2",
        parameters =>
        {
            parameters.Add(before.Milliseconds);
            parameters.Add((long)limit);
        },
        cancellationToken);

    public ValueTask MarkAsync(IReadOnlyCollection<string> ids, ServerTimestamp now, CancellationToken cancellationToken) => ids.Count == 0 ? default : WriteAsync(
        "UPDATE attachments SET looked_at = $2 WHERE id = ANY ($1)",
        parameters =>
        {
            parameters.AddText([.. ids], static id => id);
            parameters.Add(now.Milliseconds);
        },
        cancellationToken);

    ValueTask IAttachmentStore.RemoveAsync(string id, CancellationToken cancellationToken) =>
        WriteAsync("DELETE FROM attachments WHERE id = $1", parameters => parameters.AddText(id), cancellationToken);

    public ValueTask AppendAsync(string id, int number, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken) => WriteAsync(
        "INSERT INTO attachment_pieces (attachment, number, content) VALUES ($1, $2, $3)",
        parameters =>
        {
            parameters.AddText(id);
            parameters.Add(number);
            parameters.Add(piece);
        },

        // Waits even if the caller gives up, since a removal that comes next would miss the piece.
        CancellationToken.None);

    ValueTask IAttachmentContent.EndAsync(string id, CancellationToken cancellationToken) => default;

    public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string id, int number, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand("SELECT content FROM attachment_pieces WHERE attachment = $1 AND number = $2", connection);
            var parameters = new ParameterList(command.Parameters);
            parameters.AddText(id);
            parameters.Add(number);
            return await command.ExecuteScalarAsync(cancellationToken) is byte[] content ? content : default(ReadOnlyMemory<byte>?);
        },
        repeatable: true,
        cancellationToken);

    ValueTask IAttachmentContent.RemoveAsync(string id, CancellationToken cancellationToken) =>
        WriteAsync("DELETE FROM attachment_pieces WHERE attachment = $1", parameters => parameters.AddText(id), cancellationToken);

    private async ValueTask WriteAsync(string sql, Action<ParameterList> bind, CancellationToken cancellationToken) => await CountAsync(sql, bind, cancellationToken);

    /// <returns>The number of rows written.</returns>
    private ValueTask<int> CountAsync(string sql, Action<ParameterList> bind, CancellationToken cancellationToken) => database.UseAsync(
        async connection =>
        {
            // Cannot be given up once it is sent, since the memory of its parameters would be reused.
            await using var command = new NpgsqlCommand(sql, connection);
            bind(new ParameterList(command.Parameters));
            return await command.ExecuteNonQueryAsync(CancellationToken.None);
        },
        repeatable: false,
        cancellationToken);

    private async ValueTask<IReadOnlyList<Attachment>> ReadAsync(string sql, Action<ParameterList> bind, CancellationToken cancellationToken) => await database.UseAsync(
        async connection =>
        {
            await using var command = new NpgsqlCommand(sql, connection);
            bind(new ParameterList(command.Parameters));
            var found = new List<Attachment>();
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                found.Add(new Attachment(reader.GetString(0), BucketId.Parse(reader.GetString(1)), reader.GetString(2), reader.GetString(3), new ServerTimestamp(reader.GetInt64(4)))
                {
                    FileName = reader.GetString(5),
                    MediaType = reader.GetString(6),
                    Size = reader.IsDBNull(7) ? null : reader.GetInt64(7),
                    Hash = reader.GetString(8),
                });
            }

            return found;
        },
        repeatable: true,
        cancellationToken);
}

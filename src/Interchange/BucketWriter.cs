using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Transfer;

namespace Lockstep.Interchange;

/// <summary>Writes the lines of one bucket after the other.</summary>
internal sealed class BucketWriter(InterchangeStores stores, PortablePrincipals principals, LineWriter lines)
{
    private const int RowsAtOnce = 1_000;
    private const int BytesAtOnce = 4 << 20;

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\n\r"u8);

    /// <summary>Writes a bucket.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bucket">The bucket as of one moment.</param>
    /// <param name="onPage">Hears how many rows were written, again and again.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The number of rows and of files.</returns>
    public async Task<(long Records, long Files)> WriteAsync(BucketName name, IBucketSnapshot bucket, Action<long> onPage, CancellationToken cancellationToken)
    {
        // :: Step 1: the bucket.
        var heads = bucket.Heads;
        var line = lines.Begin(LineType.Bucket);
        Write(line, name);
        line.WriteNumber("clock", heads.Clock.Milliseconds);
        WriteUnlessZero(line, "base", heads.Base.Milliseconds);
        line.WriteBoolean("exists", heads.Exists);
        if (await principals.AuthorOfAsync(heads, cancellationToken) is { } author && author != ExportFormat.OwnerOf(heads.Id))
        {
            line.WriteString("author", author);
        }

        await lines.EndAsync(cancellationToken);

        // :: Step 2: its lists with their rows.
        var (records, files) = (0L, 0L);
        var lists = heads.Lists.Values.Where(static head => ExportFormat.NameOf(head.List.Role) is not null)
            .OrderBy(static head => head.List.Role).ThenBy(static head => head.List.Name, StringComparer.Ordinal).ToList();
        foreach (var head in lists)
        {
            await WriteAsync(head, cancellationToken);
            var last = "";
            while (head.Exists && await bucket.ReadAsync(head.Key, last, RowsAtOnce, BytesAtOnce, cancellationToken) is { Count: > 0 } rows)
            {
                foreach (var row in rows)
                {
                    await WriteAsync(heads.Id, row, cancellationToken);
                    if (head.List.Role == ListRole.Files && !row.IsTombstone)
                    {
                        files += await WriteFileAsync(row.Id, cancellationToken);
                    }
                }

                records += rows.Count;
                last = rows[^1].Id;
                onPage(rows.Count);
            }
        }

        // :: Step 3: whose standing changed.
        await WriteChangesAsync(bucket, lists.Where(static head => head.Exists).ToDictionary(static head => head.Key, static head => head.List), cancellationToken);

        // :: Step 4: the end.
        line = lines.Begin(LineType.BucketEnd);
        line.WriteNumber("records", records);
        line.WriteNumber("files", files);
        await lines.EndAsync(cancellationToken);
        return (records, files);
    }

    /// <summary>In an order in which keys and numbers do not count, since other stores have others.</summary>
    private async Task WriteChangesAsync(IBucketSnapshot bucket, Dictionary<int, ListRef> lists, CancellationToken cancellationToken)
    {
        var changes = new List<(ListRef? List, string Principal, string Id, ServerTimestamp Stamp)>();
        foreach (var (key, stamp) in await bucket.ReadChangesAsync(cancellationToken))
        {
            var isOfList = lists.TryGetValue(key.List, out var list);
            if ((key.List == 0 || isOfList) && await principals.OfAsync(key.Principal, cancellationToken) is { } principal)
            {
                changes.Add((isOfList ? list : null, principal, key.Id, stamp));
            }
        }

        foreach (var (of, principal, id, stamp) in changes
            .OrderBy(static change => change.List is { } list ? (int)list.Role : -1).ThenBy(static change => change.List?.Name ?? "", StringComparer.Ordinal)
            .ThenBy(static change => change.Principal, StringComparer.Ordinal).ThenBy(static change => change.Id, StringComparer.Ordinal))
        {
            var line = lines.Begin(LineType.Standing);
            if (of is { } list)
            {
                line.WriteString("list", ExportFormat.NameOf(list.Role));
                line.WriteString("name", list.Name);
            }

            line.WriteString("principal", principal);
            line.WriteString("id", id);
            line.WriteNumber("stamp", stamp.Milliseconds);
            await lines.EndAsync(cancellationToken);
        }
    }

    private static void Write(Utf8JsonWriter line, BucketName name)
    {
        line.WriteString("kind", name.Kind);
        line.WriteString("id", name.Id);
        if (name.Issuer.Length > 0)
        {
            line.WriteString("issuer", name.Issuer);
        }
    }

    private async Task WriteAsync(ListHead head, CancellationToken cancellationToken)
    {
        var acl = head.Acl is { } rights ? await AclText.MapAsync(rights.ToBytes(), principal => principals.OfAsync(principal, cancellationToken)) : null;
        var line = lines.Begin(LineType.List);
        line.WriteString("list", ExportFormat.NameOf(head.List.Role));
        line.WriteString("name", head.List.Name);
        line.WriteBoolean("exists", head.Exists);
        line.WriteNumber("changed", head.RowsModified.Milliseconds);
        line.WriteNumber("touched", head.Touched.Milliseconds);
        WriteUnlessZero(line, "horizon", head.Horizon.Milliseconds);
        WriteUnlessZero(line, "count", head.Count);
        WriteUnlessZero(line, "bytes", head.Bytes);
        WriteUnlessZero(line, "next_expiry", head.NextExpiry?.Milliseconds ?? 0);
        WriteRaw(line, "acl", acl);
        if (head.Indexes.Count > 0)
        {
            line.WriteStartArray("indexes");
            foreach (var index in head.Indexes)
            {
                line.WriteStringValue(index.Path);
            }

            line.WriteEndArray();
        }

        await lines.EndAsync(cancellationToken);
    }

    private async Task WriteAsync(BucketId bucket, StoredRecord row, CancellationToken cancellationToken)
    {
        var acl = row.Acl is { Length: > 0 } rights ? await AclText.MapAsync(rights, principal => principals.OfAsync(principal, cancellationToken)) : null;
        var line = lines.Begin(LineType.Record);
        line.WriteString("id", row.Id);
        line.WriteNumber("modified", row.Modified.Milliseconds);
        if (row.IsTombstone)
        {
            line.WriteBoolean("deleted", true);
        }

        WriteBody(line, bucket.Kind, row.Body);
        if (row.Author is { } author && author != ExportFormat.OwnerOf(bucket))
        {
            line.WriteString("author", author);
        }

        WriteRaw(line, "acl", acl);
        if (row.SortIndex is { } weight)
        {
            line.WriteNumber("sortindex", weight);
        }

        if (row.Expiry is { } expiry)
        {
            line.WriteNumber("expires", expiry.Milliseconds);
        }

        await lines.EndAsync(cancellationToken);
    }

    /// <summary>As JSON where it is a JSON object on one line, else as text, else as bytes.</summary>
    private static void WriteBody(Utf8JsonWriter line, BucketKind kind, ReadOnlyMemory<byte> body)
    {
        var bytes = body.Span;
        if (bytes.IsEmpty)
        {
            return;
        }

        if (kind == BucketKind.Kinto && bytes[0] == '{' && !bytes.ContainsAny(LineEnds) && IsJson(bytes))
        {
            line.WritePropertyName("data");
            line.WriteRawValue(bytes, skipInputValidation: true);
        }
        else if (Utf8.IsValid(bytes))
        {
            line.WriteString("text", bytes);
        }
        else
        {
            line.WriteBase64String("bytes", bytes);
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = ExportFormat.MaxDepth - 1 });
        try
        {
            while (reader.Read())
            {
                // Only whether it can be read counts.
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private async Task<int> WriteFileAsync(string id, CancellationToken cancellationToken)
    {
        if (await stores.Files.FindAsync(id, cancellationToken) is not { Size: { } size } file)
        {
            throw new InterchangeException($"The file {id} of an attachment is not there. Delete the attachment of its record, and export again.");
        }

        var line = lines.Begin(LineType.File);
        line.WriteString("id", file.Id);
        line.WriteString("collection", file.Collection);
        line.WriteString("record", file.Record);
        line.WriteNumber("created", file.Created.Milliseconds);
        line.WriteString("file_name", file.FileName);
        line.WriteString("media_type", file.MediaType);
        line.WriteNumber("size", size);
        line.WriteString("sha256", file.Hash);
        await lines.EndAsync(cancellationToken);
        long written = 0;
        foreach (var content in stores.Contents)
        {
            for (var number = 0; await content.ReadAsync(id, number, cancellationToken) is { } piece; number++)
            {
                line = lines.Begin(LineType.Piece);
                line.WriteBase64String("bytes", piece.Span);
                await lines.EndAsync(cancellationToken);
                written += piece.Length;
            }

            if (written > 0)
            {
                break;
            }
        }

        return written == size
            ? 1
            : throw new InterchangeException(FormattableString.Invariant($"Of the file {id} of an attachment there are {written} bytes, and should be {size}. Is Kinto:Attachments:Directory set as for the server? A file that was deleted while it was read is gone when the export is run again with --resume."));
    }

    private static void WriteUnlessZero(Utf8JsonWriter line, string name, long number)
    {
        if (number != 0)
        {
            line.WriteNumber(name, number);
        }
    }

    private static void WriteRaw(Utf8JsonWriter line, string name, ReadOnlyMemory<byte>? json)
    {
        if (json is { } value)
        {
            line.WritePropertyName(name);
            line.WriteRawValue(value.Span, skipInputValidation: true);
        }
    }
}

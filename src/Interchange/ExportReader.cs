using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Assignments;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Interchange;

/// <summary>
/// Reads a file line by line, checks each line and their order, and hands them on. At the end counts and hash have to be those of the last line.
/// Whatever does not fit is an <see cref="InterchangeException"/> that names the line.
/// </summary>
internal sealed class ExportReader(LineReader lines, IExportTarget target, long total, Action<ExportProgress> onProgress) : IDisposable
{
    private const int LinesBetween = 1_000;

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly HashSet<ListRef> lists = [];
    private ExportCounts counts = new();
    private bool hasAccount;
    private ReadBucket? bucket;
    private ListHead? list;
    private string lastId = "";
    private (long Records, long Files) ofBucket;
    private Attachment? file;
    private IncrementalHash? content;
    private long pieces;
    private int piece;

    /// <summary>The last bucket that is whole, where it ends, and what there was up to it; null while there is none.</summary>
    public (BucketName Name, long End, ExportCounts Counts)? LastBucket { get; private set; }

    /// <summary>The account that the file is of; null for everything.</summary>
    public string? Account { get; private set; }

    /// <summary>Bytes of the first line.</summary>
    public long HeaderBytes { get; private set; }

    /// <summary>Reads up to the last line.</summary>
    /// <returns>What there was; null where the file has no last line.</returns>
    public async Task<ExportCounts?> ReadAsync(CancellationToken cancellationToken)
    {
        await ReadHeaderAsync(cancellationToken);
        while (await lines.ReadAsync(cancellationToken) is { } text)
        {
            using var line = ExportLine.Parse(text, lines.Number);
            try
            {
                if (line.Type == LineType.End)
                {
                    Check(line);
                    if (await lines.ReadAsync(cancellationToken) is not null)
                    {
                        throw new InterchangeException(FormattableString.Invariant($"Line {lines.Number} is behind the end of the export."));
                    }

                    await target.EndAsync(cancellationToken);
                    return counts;
                }

                hash.AppendData(text.Span);
                target.Begin(line.Place);
                await TakeAsync(line, cancellationToken);
            }
            catch (InterchangeException e)
            {
                throw line.Place.At(e);
            }

            if (lines.Number % LinesBetween == 0 || line.Type == LineType.BucketEnd)
            {
                onProgress(new ExportProgress(counts, lines.Position, total));
            }
        }

        return null;
    }

    public void Dispose()
    {
        hash.Dispose();
        content?.Dispose();
    }

    private async Task ReadHeaderAsync(CancellationToken cancellationToken)
    {
        var text = await lines.ReadAsync(cancellationToken) ?? throw new InterchangeException("The file is empty, or has not one whole line.");
        HeaderBytes = text.Length;
        using var line = ExportLine.Parse(text, lines.Number);
        if (line.Type != LineType.Header || line.TextOrNull("format") != ExportFormat.Name)
        {
            throw new InterchangeException("Line 1 is not that of an export of Lockstep.");
        }

        Account = line.TextOrNull("account");
        if (line.Number64("version") is var version && version > ExportFormat.Version)
        {
            throw new InterchangeException(FormattableString.Invariant(
                $"The file has version {version} of the format, made by Lockstep {line.TextOrNull("program")}; this program reads versions up to {ExportFormat.Version}. Use a newer program."));
        }
    }

    private async ValueTask TakeAsync(ExportLine line, CancellationToken cancellationToken)
    {
        if (file is not null && line.Type != LineType.Piece)
        {
            throw line.Bad("the file before it is not whole");
        }

        switch (line.Type)
        {
            case LineType.Account when counts is { Stores: 0, Quotas: 0, Buckets: 0 } && bucket is null:
                await target.AddAccountAsync(line.Text("name"), line.TextOrNull("password"), line.Stamp("modified"), line.Stamp("since"), line.Flag("disabled"), cancellationToken);
                (counts, hasAccount) = (counts with { Accounts = counts.Accounts + 1 }, true);
                break;
            case LineType.Row when hasAccount && counts is { Stores: 0, Quotas: 0, Buckets: 0 } && bucket is null:
                var (table, columns, row) = ReadRow(line);
                await target.AddRowAsync(table, columns, row, cancellationToken);
                break;
            case LineType.Store when counts is { Quotas: 0, Buckets: 0 } && bucket is null:
                await target.AddStoreAsync(ReadStore(line), cancellationToken);
                counts = counts with { Stores = counts.Stores + 1 };
                break;
            case LineType.Quota when counts is { Buckets: 0 } && bucket is null:
                await target.AddQuotaAsync(line.Text("subject"), line.Number64OrNull("bytes"), line.Number64OrNull("records"), cancellationToken);
                counts = counts with { Quotas = counts.Quotas + 1 };
                break;
            case LineType.Bucket when bucket is null:
                bucket = ReadBucketLine(line);
                lists.Clear();
                (list, ofBucket) = (null, default);
                await target.BeginBucketAsync(bucket, cancellationToken);
                break;
            case LineType.List when bucket is not null:
                list = ReadList(line);
                lastId = "";
                if (!lists.Add(list.List))
                {
                    throw line.Bad("the bucket has this list already");
                }

                await target.AddListAsync(list, line.ObjectOrNull("acl"), cancellationToken);
                break;
            case LineType.Record when list is { Exists: true }:
                var record = ReadRecord(line);
                if (!IsBehind(record.Id, lastId))
                {
                    throw line.Bad("the ids of a list are to be in order, each once");
                }

                lastId = record.Id;
                await target.AddRecordAsync(list.List, record, cancellationToken);
                ofBucket.Records++;
                counts = counts with { Records = counts.Records + 1 };
                break;
            case LineType.File when list is { List.Role: ListRole.Files } && lastId.Length > 0:
                await BeginFileAsync(line, cancellationToken);
                break;
            case LineType.Piece when file is not null:
                await TakePieceAsync(line, cancellationToken);
                break;
            case LineType.Standing when bucket is not null:
                await target.AddStandingAsync(ReadOf(line), line.Text("principal"), line.Text("id"), line.Stamp("stamp"), cancellationToken);
                break;
            case LineType.BucketEnd when bucket is not null:
                await EndBucketAsync(line, cancellationToken);
                break;
            default:
                throw line.Bad(LineTypes.Contains(line.Type) ? "it is not to be here" : "there is no such type");
        }
    }

    private static readonly HashSet<string> LineTypes =
        [LineType.Header, LineType.Account, LineType.Row, LineType.Store, LineType.Quota, LineType.Bucket, LineType.List, LineType.Record, LineType.File, LineType.Piece, LineType.Standing, LineType.BucketEnd];

    /// <summary>Stores compare ids as UTF-8, in which characters beyond the first 65,536 come last.</summary>
    private static bool IsBehind(string id, string last) => Encoding.UTF8.GetBytes(id).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(last)) > 0;

    private static (string Table, IReadOnlyList<string> Columns, IReadOnlyList<object?> Row) ReadRow(ExportLine line)
    {
        var name = line.Text("table");
        var (table, columns) = KeyedAccountTables.All.FirstOrDefault(one => one.Table == name && one.Columns.Contains("account", StringComparer.Ordinal) && name != "device_commands");
        if (table is null)
        {
            throw line.Bad("table", "names none");
        }

        var values = line.Object("values");
        return (table, columns, [.. columns.Select(column => Value(column.TrimStart('?'), column[0] == '?'))]);

        object? Value(string column, bool isFlag)
        {
            if (!values.TryGetProperty(column, out var value))
            {
                return null;
            }

            return value.ValueKind switch
            {
                JsonValueKind.True when isFlag => true,
                JsonValueKind.False when isFlag => false,
                JsonValueKind.Number when !isFlag && value.TryGetInt64(out var number) => number,
                JsonValueKind.String when !isFlag => line.Read(value, "values"),
                _ => throw line.Bad("values", $"has no value of the right kind for '{column}'"),
            };
        }
    }

    private static Assignment ReadStore(ExportLine line) => new(
        0,
        new UserIdentity(line.Text("issuer"), line.Text("subject")),
        line.Number64("generation") is var generation && generation < UserKeys.RetiredGeneration
            ? new UserKeys(generation, line.Text("fingerprint"), line.Number64("keys_changed_at"))
            : throw line.Bad("generation", "is that of a user who was removed"),
        0,
        line.Stamp("created"),
        Replaced: null,
        IsClosed: false,
        line.Number64OrNull("quota"));

    private static ReadBucket ReadBucketLine(ExportLine line)
    {
        var name = new BucketName(line.Text("kind"), line.Text("id"), line.TextOrNull("issuer") ?? "");
        return name.Kind is BucketName.Named or BucketName.Default or BucketName.Sync or BucketName.OldSync && name.Id.Length > 0
            ? new ReadBucket(name, line.Stamp("clock"), line.StampOrZero("base"), line.Flag("exists"), line.TextOrNull("author"))
            : throw line.Bad("kind", "names none, or the bucket has no id");
    }

    private static ListHead ReadList(ExportLine line)
    {
        var role = ExportFormat.RoleOf(line.Text("list")) ?? throw line.Bad("list", "names no kind of list");
        return new ListHead
        {
            List = new ListRef(role, line.Text("name")),
            Key = line.Flag("exists") ? 1 : 0,
            RowsModified = line.Stamp("changed"),
            Touched = line.Stamp("touched"),
            Horizon = line.StampOrZero("horizon"),
            Count = line.Number64OrNull("count") ?? 0,
            Bytes = line.Number64OrNull("bytes") ?? 0,
            NextExpiry = line.Number64OrNull("next_expiry") is { } expiry ? new ServerTimestamp(expiry) : null,
            Indexes = [.. line.Texts("indexes").Select(static path => new FieldIndex(0, path))],
        };
    }

    private static StoredRecord ReadRecord(ExportLine line) => new()
    {
        Id = line.Text("id") is { Length: > 0 } id ? id : throw line.Bad("id", "is empty"),
        Modified = line.Stamp("modified"),
        IsTombstone = line.Flag("deleted"),
        Body = line.Body(),
        Author = line.TextOrNull("author"),
        Acl = line.ObjectOrNull("acl"),
        SortIndex = line.Number32OrNull("sortindex"),
        Expiry = line.Number64OrNull("expires") is { } expiry ? new ServerTimestamp(expiry) : null,
    };

    private ListRef? ReadOf(ExportLine line)
    {
        if (!line.Has("list"))
        {
            return null;
        }

        var of = new ListRef(ExportFormat.RoleOf(line.Text("list")) ?? throw line.Bad("list", "names no kind of list"), line.Text("name"));
        return lists.Contains(of) ? of : throw line.Bad("list", "names none of the bucket");
    }

    private async ValueTask BeginFileAsync(ExportLine line, CancellationToken cancellationToken)
    {
        file = new Attachment(line.Text("id"), BucketId.Named("-"), line.Text("collection"), line.Text("record"), line.Stamp("created"))
        {
            FileName = line.Text("file_name"),
            MediaType = line.Text("media_type"),
            Size = line.Number64("size"),
            Hash = line.Text("sha256"),
        };
        if (file.Id.Length is < 2 or > 128 || !file.Id.All(char.IsAsciiLetterOrDigit))
        {
            // It becomes a part of a path.
            throw line.Bad("id", "is none of a file");
        }

        if (file.Id != lastId || file.Collection != list!.List.Name)
        {
            throw line.Bad("it is not that of the record before it");
        }

        (pieces, piece) = (0, 0);
        content ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await target.BeginFileAsync(file, cancellationToken);
        await EndFileIfWholeAsync(line, cancellationToken);
    }

    private async ValueTask TakePieceAsync(ExportLine line, CancellationToken cancellationToken)
    {
        var bytes = line.Bytes("bytes");
        pieces += bytes.Length;
        if (pieces > file!.Size || bytes.Length == 0 || bytes.Length > IAttachmentContent.PieceBytes || (bytes.Length < IAttachmentContent.PieceBytes && pieces < file.Size))
        {
            throw line.Bad("it has another length than a piece of this file has");
        }

        content!.AppendData(bytes);
        await target.AddPieceAsync(piece++, bytes, cancellationToken);
        await EndFileIfWholeAsync(line, cancellationToken);
    }

    private async ValueTask EndFileIfWholeAsync(ExportLine line, CancellationToken cancellationToken)
    {
        if (pieces < file!.Size)
        {
            return;
        }

        if (!string.Equals(Convert.ToHexString(content!.GetHashAndReset()), file.Hash, StringComparison.OrdinalIgnoreCase))
        {
            throw line.Bad("the content of the file is not the one of its hash");
        }

        await target.EndFileAsync(cancellationToken);
        file = null;
        ofBucket.Files++;
        counts = counts with { Files = counts.Files + 1 };
    }

    private async ValueTask EndBucketAsync(ExportLine line, CancellationToken cancellationToken)
    {
        if (ofBucket != (line.Number64("records"), line.Number64("files")))
        {
            throw line.Bad(FormattableString.Invariant($"the bucket has {ofBucket.Records} records and {ofBucket.Files} files, and should have {line.Number64("records")} and {line.Number64("files")}"));
        }

        await target.EndBucketAsync(cancellationToken);
        counts = counts with { Buckets = counts.Buckets + 1 };
        LastBucket = (bucket!.Name, lines.Position, counts);
        (bucket, list) = (null, null);
    }

    private void Check(ExportLine line)
    {
        if (bucket is not null)
        {
            throw line.Bad("the bucket before it is not whole");
        }

        var said = new ExportCounts
        {
            Accounts = line.Number64("accounts"),
            Stores = line.Number64("stores"),
            Quotas = line.Number64("quotas"),
            Buckets = line.Number64("buckets"),
            Records = line.Number64("records"),
            Files = line.Number64("files"),
        };
        if (said != counts)
        {
            throw line.Bad($"the file has {counts}, and should have {said}");
        }

        if (!string.Equals(Convert.ToHexString(hash.GetCurrentHash()), line.Text("sha256"), StringComparison.OrdinalIgnoreCase))
        {
            throw line.Bad("sha256", "is not the hash of the lines: the file was changed");
        }
    }
}

using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.Kinto.Attachments;

/// <summary>
/// GET and HEAD of a file, for whoever knows its URL, as long as its record names it. So it is gone with the record, however late it is collected. No browser shows it as
/// a page of this server, whatever type its sender claims.
/// </summary>
/// <remarks>RFC 9110, 13 and 14: preconditions and one range of bytes. Several ranges are answered with the whole.</remarks>
internal sealed class FilePlans(IAttachmentStore files, IAttachmentContent content, IBuckets buckets, IFileNames names, KintoOptions options)
{
    private const int PieceBytes = IAttachmentContent.PieceBytes;
    private const int WrittenAtOnce = 32 << 10;

    public KintoPlan Get(KintoRequest request) => FileNames.IdIn(request.Values["file"]) is { } id
        ? new KintoPlan.Task(cancellationToken => GetAsync(request, id, cancellationToken)) { Most = options.MaxRecordBytes + (2L * PieceBytes) }
        : KintoErrors.NotFound;

    private async ValueTask<KintoResponse> GetAsync(KintoRequest request, string id, CancellationToken cancellationToken)
    {
        // :: Step 1: whether it exists, and its record names it.
        if (await files.FindAsync(id, cancellationToken) is not { Size: { } size } file)
        {
            return KintoErrors.NotFound;
        }

        var read = new BucketRequest(Callers.Reader, [new ReadRecord(new ObjectRef(ListRef.RecordsOf(file.Collection), file.Record))]);
        var outcome = (await buckets.Get(file.Bucket).ExecuteAsync(read, cancellationToken)).Outcomes[0];
        if (outcome is Unavailable)
        {
            return KintoErrors.Unavailable(options.RetryAfter);
        }

        if (outcome is not RecordFound found || names.Read(found.Record.Body).Id != id)
        {
            return KintoErrors.NotFound;
        }

        if (request.Http is null)
        {
            return KintoErrors.Invalid("body", null, "A file cannot come with a batch.");
        }

        // :: Step 2: what the client has already, and which part it wants.
        var etag = new EntityTagHeaderValue($"\"{file.Hash}\"");
        if (request.Header(HeaderNames.IfMatch) is { Length: > 0 } match && !Names(match, etag, isStrong: true))
        {
            return KintoErrors.Create(412, KintoErrno.ModifiedMeanwhile, "Precondition Failed", "Resource was modified meanwhile");
        }

        if (request.Header(HeaderNames.IfNoneMatch) is { Length: > 0 } noneMatch && Names(noneMatch, etag, isStrong: false))
        {
            return new KintoResponse(304) { Headers = Always(file, etag) };
        }

        var (from, length, isPart) = (0L, size, false);
        if (RangeOf(request, etag) is { } range)
        {
            if (Resolve(range, size) is not var (first, last))
            {
                return KintoErrors.Invalid(416, "header", HeaderNames.Range, "Range is not in the file").With(HeaderNames.ContentRange, $"bytes */{size}");
            }

            (from, length, isPart) = (first, last - first + 1, true);
        }

        // :: Step 3: read its first piece before the answer begins, because it can be gone by now.
        var isHead = request.Method is "HEAD";
        var begin = isHead || length == 0 ? default(ReadOnlyMemory<byte>?) : await content.ReadAsync(id, (int)(from / PieceBytes), cancellationToken);
        if (begin is null && !isHead && length > 0)
        {
            return KintoErrors.NotFound;
        }

        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(file.FileName);
        List<KeyValuePair<string, string>> headers =
        [
            .. Always(file, etag),
            KeyValuePair.Create(HeaderNames.ContentType, file.MediaType),
            KeyValuePair.Create(HeaderNames.ContentLength, length.ToString(CultureInfo.InvariantCulture)),
            KeyValuePair.Create(HeaderNames.ContentDisposition, disposition.ToString()),
            KeyValuePair.Create(HeaderNames.AcceptRanges, "bytes"),
        ];
        if (isPart)
        {
            headers.Add(KeyValuePair.Create(HeaderNames.ContentRange, $"bytes {from}-{from + length - 1}/{size}"));
        }

        return new KintoResponse(isPart ? StatusCodes.Status206PartialContent : StatusCodes.Status200OK)
        {
            Headers = headers,
            Size = 2 * PieceBytes,
            Stream = (output, givenUp) => WriteAsync(output, id, begin.GetValueOrDefault(), from, length, givenUp),
        };
    }

    private async ValueTask WriteAsync(PipeWriter output, string id, ReadOnlyMemory<byte> piece, long from, long length, CancellationToken cancellationToken)
    {
        for (var (at, end) = (from, from + length); at < end;)
        {
            if (at > from)
            {
                // Its record may name another file by now. The length was already announced, so the connection is cut off.
                piece = await content.ReadAsync(id, (int)(at / PieceBytes), cancellationToken) ?? throw new StoreUnavailableException($"The file {id} was removed while it was read.");
            }

            if (piece.Length <= at % PieceBytes)
            {
                throw new StoreUnavailableException($"The file {id} has fewer bytes than were stored.");
            }

            var part = piece[(int)(at % PieceBytes)..];
            for (part = part[..(int)Math.Min(part.Length, end - at)]; part.Length > 0;)
            {
                var some = part[..Math.Min(WrittenAtOnce, part.Length)];
                output.Write(some.Span);
                await output.FlushAsync(cancellationToken);
                (part, at) = (part[some.Length..], at + some.Length);
            }
        }
    }

    private static IReadOnlyList<KeyValuePair<string, string>> Always(Attachment file, EntityTagHeaderValue etag) =>
    [
        KeyValuePair.Create(HeaderNames.ETag, etag.ToString()),
        KeyValuePair.Create(HeaderNames.LastModified, KintoResponse.LastModified(file.Created)),

        // It never changes, but it can be gone.
        KeyValuePair.Create(HeaderNames.CacheControl, "no-cache"),
    ];

    private static bool Names(string header, EntityTagHeaderValue etag, bool isStrong) =>
        EntityTagHeaderValue.TryParseList([header], out var tags) && tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || etag.Compare(tag, isStrong));

    /// <returns>The requested range; null for the whole file.</returns>
    private static RangeItemHeaderValue? RangeOf(KintoRequest request, EntityTagHeaderValue etag) =>
        request.Method is "GET" && RangeHeaderValue.TryParse(request.Header(HeaderNames.Range), out var range)
            && range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase) && range.Ranges.Count == 1
            && (request.Header(HeaderNames.IfRange) is not { Length: > 0 } condition || condition == etag.ToString())
            ? range.Ranges.First() : null;

    /// <returns>The first and the last byte; null if the file has no byte of the range.</returns>
    private static (long First, long Last)? Resolve(RangeItemHeaderValue range, long size)
    {
        var (first, last) = range.From is { } from
            ? (from, Math.Min(range.To ?? long.MaxValue, size - 1))
            : (Math.Max(0, size - range.To!.Value), size - 1);
        return first > last ? null : (first, last);
    }
}

using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>Outcomes as answers: the only table from outcomes to status and errno.</summary>
internal static class KintoOutcomes
{
    /// <param name="outcome">The outcome.</param>
    /// <param name="request">The request.</param>
    /// <param name="target">The object or list of the request.</param>
    /// <param name="fields">The fields to show; null for all.</param>
    /// <param name="options">Settings.</param>
    public static KintoResponse Render(
        Outcome outcome, KintoRequest request, KintoTarget target, FieldSelection? fields, KintoOptions options) => outcome switch
    {
        RecordFound found => Object(200, found.Record, request, target, fields),
        RecordKept kept => Object(200, kept.Record, request, target, fields),
        RecordWritten written => WithQuota(Object(written.Created ? 201 : 200, written.Record, request, target, fields), written.QuotaLeft),
        RecordDeleted deleted => new KintoResponse(200)
        {
            Stamp = deleted.Tombstone.Modified,
            Body = output => KintoWriter.WriteObject(output, target.PublicId(deleted.Tombstone.Id), deleted.Tombstone, fields: null, writer: null),
        },
        PageFound page => List(page.Records, page.ListStamp, fields),
        RecordsDeleted deleted => List(deleted.Tombstones, deleted.ListStamp, fields),
        CountFound count => WithTotal(new KintoResponse(200) { Stamp = count.ListStamp }, count.Count),
        NotModified notModified => new KintoResponse(304) { Stamp = notModified.Stamp },
        PreconditionFailed failed => Conflict(failed, target),
        Missing { Target: { Id: "", List: var list } } => MissingParent(ObjectRef.Collection(list.Name), target),
        Missing missing => KintoErrors.Create(404, KintoErrno.InvalidResourceId, "Not Found", null, Details(target.PublicId(missing.Target.Id), target.ResourceName)),
        ParentMissing missing => MissingParent(missing.Parent, target),
        Forbidden => request.Principal is null ? KintoErrors.Unauthorized : KintoErrors.Forbidden,
        AccountClosed => KintoErrors.Unauthorized,
        Invalid invalid => KintoErrors.Of(invalid),
        Refused refused => KintoErrors.Of(refused),
        OverQuota over => KintoErrors.Create(507, KintoErrno.Forbidden, "Insufficient Storage", over.Reason),
        TooLarge tooLarge => KintoErrors.TooLarge(tooLarge.Reason),
        Unavailable unavailable => Unavailable(unavailable.Reason, options),
        _ => throw new InvalidOperationException($"Unknown outcome {outcome.GetType().Name}."),
    };

    /// <summary>Adds the number of matching objects; the second header is for older clients.</summary>
    public static KintoResponse WithTotal(KintoResponse response, long total) => response.With("Total-Objects", $"{total}").With("Total-Records", $"{total}");

    private static KintoResponse Object(int status, StoredRecord record, KintoRequest request, KintoTarget target, FieldSelection? fields) =>
        new(status)
        {
            Stamp = record.Modified,
            Size = AnswerSizes.Of(record, fields is not null),
            Length = fields is null && record.Acl is null ? KintoWriter.ObjectLength(target.PublicId(record.Id), record, request.Principal?.Id) : null,
            Body = output => KintoWriter.WriteObject(output, target.PublicId(record.Id), record, fields, request.Principal?.Id),
        };

    /// <summary>Adds what may still be written there, if it is limited.</summary>
    public static KintoResponse WithQuota(KintoResponse response, QuotaLeft left)
    {
        response = left.Bytes is { } bytes ? response.With(KintoHeaders.BytesLeft, bytes.ToString(CultureInfo.InvariantCulture)) : response;
        return left.Records is { } records ? response.With(KintoHeaders.RecordsLeft, records.ToString(CultureInfo.InvariantCulture)) : response;
    }

    private static KintoResponse List(IReadOnlyList<StoredRecord> records, Core.Time.ServerTimestamp stamp, FieldSelection? fields) =>
        new(200)
        {
            Stamp = stamp,
            Size = AnswerSizes.Of(records, fields is not null),
            Length = fields is null ? KintoWriter.ListLength(records) : null,
            Body = output => KintoWriter.WriteList(output, records, fields),
        };

    private static KintoResponse Conflict(PreconditionFailed failed, KintoTarget target)
    {
        Action<Utf8JsonWriter>? details = failed.Existing is not { } existing ? null : writer =>
        {
            var data = new ArrayBufferWriter<byte>();
            KintoWriter.WriteData(data, target.PublicId(existing.Id), existing, fields: null);
            writer.WriteStartObject();
            writer.WritePropertyName("existing");
            writer.WriteRawValue(data.WrittenSpan, skipInputValidation: true);
            writer.WriteEndObject();
        };
        return KintoErrors.Create(412, KintoErrno.ModifiedMeanwhile, "Precondition Failed", "Resource was modified meanwhile", details) with
        {
            Stamp = failed.Stamp,
            Size = failed.Existing is { } shown ? AnswerSizes.Of(shown, isCopied: true) : 0,
        };
    }

    private static KintoResponse MissingParent(ObjectRef parent, KintoTarget target) => KintoErrors.Create(
        404, KintoErrno.MissingResource, "Not Found", null, Details(parent.List.Role == ListRole.Self ? target.BucketName : parent.Id, KintoTarget.NameOf(parent.List.Role)));

    private static KintoResponse Unavailable(UnavailableReason reason, KintoOptions options) => reason switch
    {
        // No Retry-After here: a client that retries automatically could create twice.
        UnavailableReason.FateUnknown => KintoErrors.Unavailable(
            retryAfter: null, "The storage was lost while writing; whether the change was stored is not known. Read before you write again."),
        UnavailableReason.StoreFailed => KintoErrors.Unavailable(options.RetryAfter, "The storage is not available; nothing was changed. Please retry later."),
        _ => KintoErrors.Unavailable(options.RetryAfter),
    };

    private static Action<Utf8JsonWriter> Details(string id, string resourceName) => writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("id", id);
        writer.WriteString("resource_name", resourceName);
        writer.WriteEndObject();
    };
}

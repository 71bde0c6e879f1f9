using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Patches;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Audit;
using Lockstep.Gateway.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Lockstep.Gateway.Kinto.Attachments;

/// <summary>POST and DELETE of a record's file.</summary>
/// <remarks>kinto-attachment: README.rst, and the status codes and messages of its views.</remarks>
internal sealed class AttachmentPlans(
    IBuckets buckets, UploadReader uploads, Admission admission, AccessBodies access, AccountDirectory accounts, AuditTrail audit, KintoOptions options, TimeProvider time)
{
    // A boundary is not longer: RFC 2046, 5.1.1.
    private const int MaxBoundary = 70;

    private static readonly ReadOnlyMemory<byte> Nothing = """{"attachment":null}"""u8.ToArray();

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Stores the file, then has the record's owner write the record and claim the file. Whether the caller may write is asked before too, so that nobody uploads in
    /// vain. What counts is the answer at the end.
    /// </summary>
    public KintoPlan Add(KintoRequest request, KintoTarget target)
    {
        if (KintoPreconditions.Read(request, PreconditionScope.Record, out var precondition) is { } error)
        {
            return error;
        }

        return new KintoPlan.Prepared(cancellationToken => UploadAsync(request, target, precondition, cancellationToken));
    }

    /// <summary>Removes the file from the record, which stays.</summary>
    public KintoPlan Remove(KintoRequest request, KintoTarget target)
    {
        if (KintoPreconditions.Read(request, PreconditionScope.Record, out var precondition) is { } error)
        {
            return error;
        }

        var patch = new PatchRecord(target.Object, PatchKind.Shallow, Nothing, options.MaxRecordBytes) { Precondition = precondition };
        return new KintoPlan.Call(target.Bucket, target.Caller, patch, outcome => outcome is RecordWritten written
            ? new KintoResponse(StatusCodes.Status204NoContent) { Stamp = written.Record.Modified }
            : KintoOutcomes.Render(outcome, request, target, fields: null, options));
    }

    private async ValueTask<KintoPlan> UploadAsync(KintoRequest request, KintoTarget target, Precondition precondition, CancellationToken cancellationToken)
    {
        // :: Step 1: whether the caller may write.
        var ask = new AttachFile(target.Object, RecordData.EmptyObject, options.MaxRecordBytes) { Precondition = precondition };
        if ((await buckets.Get(target.Bucket).ExecuteAsync(new BucketRequest(target.Caller, [ask]), cancellationToken)).Outcomes[0] is var asked && asked is not CountFound)
        {
            return KintoOutcomes.Render(asked, request, target, fields: null, options);
        }

        if (BoundaryOf(request, out var boundary) is { } error)
        {
            return error;
        }

        if (request.Http is not { } http)
        {
            return KintoErrors.Invalid("body", null, "A file cannot come with a batch.");
        }

        // :: Step 2: read the form. However large it is, it takes the same memory.
        using var room = admission.TryReceive(request.Who);
        if (room?.TryHold(UploadReader.BytesHeld) is not true)
        {
            return KintoErrors.Unavailable(options.RetryAfter).With(HeaderNames.Connection, "close");
        }

        if (http.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = uploads.MaxFormBytes;
        }

        var began = ServerTimestamp.Now(time);
        var (form, refusal) = await uploads.ReadAsync(http, boundary, target, room, cancellationToken);
        if (form is null)
        {
            return refusal!;
        }

        // :: Step 3: the data to write. The caller signs in once more, because the upload took time.
        var plan = await PlanAsync(request, target, precondition, form, began, cancellationToken);
        if (plan is KintoPlan.Prepared prepared)
        {
            plan = await prepared.PrepareAsync(cancellationToken);
        }

        // :: Step 4: write the record with its file. If that fails, nothing is left of either.
        if (plan is not KintoPlan.Call call)
        {
            await uploads.RemoveAsync(form.File.Id);
            return plan;
        }

        var response = await buckets.Get(call.Bucket).ExecuteAsync(new BucketRequest(call.Caller, [call.Operation]), cancellationToken);
        var outcome = response.Outcomes[0];
        if (outcome is AccountClosed)
        {
            accounts.Forget(call.Caller);
        }

        if (outcome is not (RecordWritten or Unavailable { Reason: UnavailableReason.FateUnknown }))
        {
            await uploads.RemoveAsync(form.File.Id);
        }

        var rendered = call.Render(outcome);
        if (outcome is RecordWritten && !form.Permissions.IsEmpty)
        {
            audit.Write(AuditEvents.RightsSet, new AuditSource(request.Method, "/v1" + request.Path, request.Address, request.Principal?.Id, request.Header("User-Agent") ?? ""));
        }

        return response.ClockLeads ? rendered with { SlowDown = true } : rendered;
    }

    /// <returns>The write, or the refusal.</returns>
    private async ValueTask<KintoPlan> PlanAsync(
        KintoRequest request, KintoTarget target, Precondition precondition, UploadedForm form, ServerTimestamp began, CancellationToken cancellationToken)
    {
        if (request.Principal is { } principal && (await request.SignInAsync(request.Header("Authorization"), cancellationToken)).Principal?.Id != principal.Id)
        {
            return KintoErrors.Unauthorized;
        }

        var (body, error) = Envelope(request, form);
        if (body is null)
        {
            return error!;
        }

        if (body.Data?.Id is { } id && !string.Equals(id, target.Id, StringComparison.Ordinal))
        {
            return KintoErrors.Invalid("body", "id", "Object id does not match existing object");
        }

        var member = MemberOf(form, request.BaseUrl);
        var operation = new AttachFile(target.Object, WithMember(body.Data?.Body ?? RecordData.EmptyObject, member), options.MaxRecordBytes)
        {
            Precondition = precondition,
            File = form.File.Id,
            FileBytes = form.File.Size!.Value,
            Until = began.Plus(options.Attachments.UploadMilliseconds),
        };
        return access.Plan(request, target, target.Object, AccessBodies.OfPatch(body, nullRemoves: false), change => new KintoPlan.Call(
            target.Bucket, target.Caller, operation with { Access = change }, outcome => outcome is RecordWritten written
                ? KintoOutcomes.WithQuota(Written(written, request, target, member), written.QuotaLeft)
                : KintoOutcomes.Render(outcome, request, target, fields: null, options)));
    }

    private static KintoResponse Written(RecordWritten written, KintoRequest request, KintoTarget target, ReadOnlyMemory<byte> member) =>
        new KintoResponse(written.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK)
        {
            Stamp = written.Record.Modified,
            Length = member.Length,
            Body = output => output.Write(member.Span),
        }.With(HeaderNames.Location, request.BaseUrl + target.Path);

    /// <summary>The parts beside the file, as the body of any other write.</summary>
    private (KintoBody? Body, KintoResponse? Error) Envelope(KintoRequest request, UploadedForm form)
    {
        foreach (var (name, part) in new[] { ("data", form.Data), ("permissions", form.Permissions) })
        {
            try
            {
                using var document = part.IsEmpty ? null : JsonText.Parse(part);
            }
            catch (JsonException e)
            {
                return (null, KintoErrors.Invalid(400, "body", null, $"{name} is not valid JSON ({e.Message})", KintoErrno.InvalidPostedData));
            }
        }

        var envelope = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(envelope))
        {
            writer.WriteStartObject();
            foreach (var (name, part) in new[] { ("data", form.Data), ("permissions", form.Permissions) })
            {
                if (!part.IsEmpty)
                {
                    writer.WritePropertyName(name);
                    writer.WriteRawValue(part.Span, skipInputValidation: true);
                }
            }

            writer.WriteEndObject();
        }

        return KintoBody.Read(request with { Body = envelope.WrittenMemory }, ListRole.Records, options);
    }

    /// <summary>The record's description of its file.</summary>
    private static ReadOnlyMemory<byte> MemberOf(UploadedForm form, string baseUrl)
    {
        var (file, output) = (form.File, new ArrayBufferWriter<byte>());
        using (var writer = new Utf8JsonWriter(output, Plain))
        {
            writer.WriteStartObject();
            writer.WriteString("filename", file.FileName);
            writer.WriteString("location", $"{baseUrl}/attachments/{FileNames.SegmentOf(file.Id, file.FileName)}");
            writer.WriteString("hash", file.Hash);
            writer.WriteString("mimetype", file.MediaType);
            writer.WriteNumber("size", file.Size!.Value);
            writer.WriteEndObject();
        }

        return output.WrittenMemory.ToArray();
    }

    /// <summary>The data with the description of the file, in place of an earlier one. Everything else stays byte for byte.</summary>
    private static ReadOnlyMemory<byte> WithMember(ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> member)
    {
        using var document = JsonText.ParseAgain(data);
        var output = new ArrayBufferWriter<byte>(data.Length + member.Length + 16);
        output.Write("{"u8);
        foreach (var property in document.RootElement.EnumerateObject().Where(static property => !property.NameEquals(FileNames.Field)))
        {
            output.Write("\""u8);
            output.Write(JsonMarshal.GetRawUtf8PropertyName(property));
            output.Write("\":"u8);
            output.Write(JsonMarshal.GetRawUtf8Value(property.Value));
            output.Write(","u8);
        }

        output.Write("\"attachment\":"u8);
        output.Write(member.Span);
        output.Write("}"u8);
        return output.WrittenMemory.ToArray();
    }

    /// <returns>The refusal if the body is not a form; null if its type says that it is one.</returns>
    private static KintoResponse? BoundaryOf(KintoRequest request, out string boundary)
    {
        boundary = "";
        if (!MediaTypeHeaderValue.TryParse(request.Header(HeaderNames.ContentType), out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
        {
            return KintoErrors.Create(400, KintoErrno.InvalidParameters, "Invalid parameters", "Content-Type should be multipart/form-data");
        }

        boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value ?? "";
        return boundary.Length is > 0 and <= MaxBoundary
            ? null
            : KintoErrors.Create(400, KintoErrno.InvalidParameters, "Invalid parameters", $"Invalid boundary in multipart form: '{boundary[..Math.Min(boundary.Length, MaxBoundary)]}'");
    }
}

using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Patches;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto;

/// <summary>GET, HEAD, PUT, PATCH and DELETE of one object: a bucket, a collection or a record.</summary>
internal sealed class ObjectPlans(KintoOptions options, AccessBodies access, CacheRules caching)
{
    public KintoPlan Get(KintoRequest request, KintoTarget target) =>
        KintoPreconditions.Read(request, PreconditionScope.Record, out var precondition) is { } error ? error : Get(request, target, precondition);

    public KintoPlan Put(KintoRequest request, KintoTarget target) =>
        KintoPreconditions.Read(request, PreconditionScope.Record, out var precondition) is { } error ? error : Put(request, target, precondition);

    public KintoPlan Patch(KintoRequest request, KintoTarget target) =>
        KintoPreconditions.Read(request, PreconditionScope.Record, out var precondition) is { } error ? error : Patch(request, target, precondition);

    public KintoPlan Delete(KintoRequest request, KintoTarget target) =>
        KintoPreconditions.Read(request, PreconditionScope.Record, out var precondition) is { } error ? error : Delete(request, target, precondition);

    /// <summary>The stamp that the client proposes, if it is valid.</summary>
    public static ServerTimestamp? Hint(RecordData? data) =>
        data?.LastModified is { } value and > 0 ? new ServerTimestamp(value) : null;

    private KintoPlan Get(KintoRequest request, KintoTarget target, Precondition precondition)
    {
        if (!request.Query.TryGetOnly("_fields", out var list))
        {
            return KintoErrors.GivenTwice("_fields");
        }

        var fields = list is { Length: > 0 } ? FieldSelection.Parse(list) : null;
        return caching.Plan(request, target, Call(request, target, new ReadRecord(target.Object) { Precondition = precondition }, fields));
    }

    private KintoPlan Put(KintoRequest request, KintoTarget target, Precondition precondition)
    {
        var (body, error) = KintoBody.Read(request, target.List.Role, options);
        if (body is null)
        {
            return error!;
        }

        if (Mismatch(body.Data, target) is { } mismatch)
        {
            return mismatch;
        }

        var data = target.List.Role == ListRole.Groups && body.Data is { } group ? KintoBody.WithMembers(group) : body.Data;
        return access.Plan(request, target, target.Object, AccessBodies.OfPut(body, target.List.Role), change =>
            Call(request, target, new PutRecord(target.Object, data?.Body, Hint(data)) { Precondition = precondition, Access = change }));
    }

    private KintoPlan Delete(KintoRequest request, KintoTarget target, Precondition precondition)
    {
        if (!request.Query.TryGetOnly("last_modified", out var text))
        {
            return KintoErrors.GivenTwice("last_modified");
        }

        ServerTimestamp? hint = null;
        if (text is not null)
        {
            var digits = text.AsSpan().Trim('"');
            if (!StampText.TryParse(digits, out var stamp))
            {
                return KintoErrors.Invalid(
                    "querystring", "last_modified", StampText.Describe("last_modified", digits, "last_modified should be an integer"));
            }

            hint = stamp;
        }

        return Call(request, target, new DeleteRecord(target.Object, hint) { Precondition = precondition });
    }

    private KintoPlan Patch(KintoRequest request, KintoTarget target, Precondition precondition)
    {
        var behaviour = (request.Header("Response-Behavior") ?? "full").ToLowerInvariant();
        if (behaviour is not ("full" or "light" or "diff"))
        {
            return KintoErrors.Invalid("header", "Response-Behavior", $"\"{behaviour}\" is not one of full, light, diff");
        }

        var kind = ContentTypes.Of(request) switch
        {
            ContentTypes.MergePatch => PatchKind.Merge,
            ContentTypes.JsonPatch => PatchKind.Operations,
            _ => PatchKind.Shallow,
        };
        ReadOnlyMemory<byte> patch;
        IReadOnlyList<AccessEdit> edits;
        if (kind == PatchKind.Operations)
        {
            // The request's memory is reused after the answer, but the operation may outlive a caller who gave up.
            var (split, refusal) = PermissionPatch.Read(request.Body.ToArray(), target.List.Role);
            if (split is null)
            {
                return refusal!;
            }

            (patch, edits) = (split.Rest, split.Edits);
        }
        else
        {
            var (body, error) = KintoBody.Read(request, target.List.Role, options);
            if (body is null)
            {
                return error!;
            }

            if (body.IsEmpty)
            {
                return KintoErrors.Invalid("body", "data", "Provide at least one of data or permissions");
            }

            if (Mismatch(body.Data, target) is { } mismatch)
            {
                return mismatch;
            }

            // A bucket is stored under an id of its own; the id in the patch was compared already.
            patch = target.List.Role == ListRole.Self ? body.Data?.Body ?? body.Raw : body.Raw;
            edits = AccessBodies.OfPatch(body, nullRemoves: kind == PatchKind.Merge);
        }

        var operation = new PatchRecord(target.Object, kind, patch, options.MaxRecordBytes, KintoBody.ReservedFlag)
        {
            Precondition = precondition,
            ReturnsPrevious = behaviour is not "full",
        };
        return access.Plan(request, target, target.Object, edits, change => new KintoPlan.Call(
            target.Bucket, target.Caller, change is null ? operation : operation with { Access = change }, outcome => outcome is RecordWritten written
                ? Patched(written, request, target, behaviour, patch)
                : KintoOutcomes.Render(outcome, request, target, fields: null, options)));
    }

    private KintoResponse Patched(
        RecordWritten written, KintoRequest request, KintoTarget target, string behaviour, ReadOnlyMemory<byte> patch)
    {
        var full = KintoOutcomes.WithQuota(KintoOutcomes.Render(new RecordFound(written.Record), request, target, fields: null, options), written.QuotaLeft);
        return behaviour is "full"
            ? full
            : full with { Length = null, Size = full.Size + (written.Previous is { } previous ? AnswerSizes.Of(previous, isCopied: true) : 0), Body = output => ChangedFields.Write(output, written, behaviour is "diff", patch, request.Principal?.Id) };
    }

    private KintoPlan.Call Call(KintoRequest request, KintoTarget target, Operation operation, FieldSelection? fields = null) =>
        new(target.Bucket, target.Caller, operation, outcome => KintoOutcomes.Render(outcome, request, target, fields, options));

    private static KintoResponse? Mismatch(RecordData? data, KintoTarget target) =>
        data?.Id is { } id && !string.Equals(id, target.PublicId(target.Object.Id), StringComparison.Ordinal)
            && !(target.List.Role == ListRole.Self && target.Caller.Access == BucketAccess.Own && id is "default")
            ? KintoErrors.Invalid("body", "id", "Object id does not match existing object")
            : null;
}

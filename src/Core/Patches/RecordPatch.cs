using System.Buffers;
using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;

namespace Lockstep.Core.Patches;

/// <summary>
/// Applies a partial change to a record's data. What a patch does not name stays byte for byte as it was sent. A pure function:
/// the owner calls it with what is there. Linear in the data and the patch together.
/// </summary>
public static class RecordPatch
{
    /// <param name="kind">How to read the patch.</param>
    /// <param name="existing">The record as it is.</param>
    /// <param name="patch">UTF-8 JSON.</param>
    /// <param name="reservedFlag">A member that must not be truthy afterwards; see <see cref="InvalidReason.ReservedMember"/>. Null for none.</param>
    /// <param name="givenUp">Cancelled when nobody waits for the result any more.</param>
    /// <returns>
    /// The new data, with <see cref="RecordData.LastModified"/> only where the patch asks for one; or what is wrong with
    /// the patch.
    /// </returns>
    /// <exception cref="OperationCanceledException">The work was given up.</exception>
    public static (RecordData? Data, Invalid? Invalid) Apply(
        PatchKind kind, StoredRecord existing, ReadOnlyMemory<byte> patch, string? reservedFlag = null, CancellationToken givenUp = default) =>
        Apply(kind, existing, patch, reservedFlag, new JsonWork(givenUp));

    internal static (RecordData? Data, Invalid? Invalid) Apply(
        PatchKind kind, StoredRecord existing, ReadOnlyMemory<byte> patch, string? reservedFlag, JsonWork work)
    {
        try
        {
            using var data = JsonText.ParseAgain(existing.Body);
            using var changes = JsonText.Parse(patch);
            var result = new ArrayBufferWriter<byte>(existing.Body.Length + patch.Length + 2);
            if (kind == PatchKind.Operations)
            {
                if (new JsonPatch(work).Apply(WithServerFields(existing, data.RootElement, work), changes.RootElement) is not { } tree)
                {
                    return (null, NoObject);
                }

                tree.Write(result, work);
            }
            else if (changes.RootElement.ValueKind == JsonValueKind.Object)
            {
                JsonMerge.Write(
                    result, data.RootElement, changes.RootElement, kind == PatchKind.Merge ? JsonMergeRule.MergePatch : JsonMergeRule.Replace, work);
            }
            else
            {
                return (null, NoObject);
            }

            return Check(existing, result.WrittenMemory, reservedFlag);
        }
        catch (JsonPatchException e)
        {
            return (null, new Invalid(InvalidReason.PatchFailed, Detail: e.Message));
        }
        catch (JsonException)
        {
            // When it is put together; patch and record were valid.
            return (null, new Invalid(InvalidReason.PatchTooDeep, JsonText.MaxDepth));
        }
    }

    private static Invalid NoObject { get; } = new(InvalidReason.DataNoObject);

    private static (RecordData? Data, Invalid? Invalid) Check(StoredRecord existing, ReadOnlyMemory<byte> result, string? reservedFlag)
    {
        using var document = JsonText.ParseAgain(result);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            return (null, NoObject);
        }

        var data = RecordData.From(document.RootElement);
        if (data is null || (data.Id is not null && !string.Equals(data.Id, existing.Id, StringComparison.Ordinal)))
        {
            return (null, new Invalid(InvalidReason.OtherId));
        }

        if (reservedFlag is not null && document.RootElement.TryGetProperty(reservedFlag, out var flag) && JsonText.IsTruthy(flag))
        {
            return (null, new Invalid(InvalidReason.ReservedMember, Detail: reservedFlag));
        }

        return (data with { LastModified = data.LastModified == existing.Modified.Milliseconds ? null : data.LastModified }, null);
    }

    /// <summary>Operations may look at the fields that the server owns.</summary>
    private static JsonTree WithServerFields(StoredRecord existing, JsonElement body, JsonWork work)
    {
        var data = new JsonTree(body);
        var members = data.Members(work)!;
        members.Set("id", new JsonTree(JsonSerializer.SerializeToElement(existing.Id)));
        members.Set("last_modified", new JsonTree(JsonSerializer.SerializeToElement(existing.Modified.Milliseconds)));
        return data;
    }
}

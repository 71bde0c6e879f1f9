using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;

namespace Lockstep.Storage.Contract;

/// <summary>Outcomes as one line each, so that a difference can be read.</summary>
public static class OutcomeText
{
    public static string Of(Outcome outcome) => outcome switch
    {
        RecordFound found => $"found {Of(found.Record)}",
        RecordKept kept => $"kept {Of(kept.Record)}",
        RecordWritten written => $"{(written.Created ? "created" : "updated")} {Of(written.Record)}",
        RecordDeleted deleted => $"deleted {Of(deleted.Tombstone)}",
        RecordsDeleted many => $"deleted @{many.ListStamp} {Of(many.Tombstones)}{(many.Next is null ? "" : " …")}",
        PageFound page => $"page @{page.ListStamp} {Of(page.Records)}{(page.Next is null ? "" : " …")}",
        CountFound count => $"count {count.Count} @{count.ListStamp}",
        NotModified notModified => $"not modified @{notModified.Stamp}",
        PreconditionFailed failed => $"precondition failed @{failed.Stamp} {(failed.Existing is null ? "-" : Of(failed.Existing))}",
        Missing missing => $"missing {missing.Target.Id}",
        Unavailable unavailable => $"unavailable {unavailable.Reason}",
        _ => outcome.ToString(),
    };

    public static string Of(IEnumerable<StoredRecord> records) => $"[{string.Join(", ", records.Select(Of))}]";

    /// <summary>Fields sorted by name, since their order means nothing.</summary>
    public static string Of(StoredRecord record) =>
        $"{record.Id}@{record.Modified}{(record.IsTombstone ? " gone" : " " + Fields(record.Body))}";

    public static string Fields(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        return string.Join(' ', document.RootElement.EnumerateObject()
            .OrderBy(property => property.Name, StringComparer.Ordinal)
            .Select(property => $"{property.Name}={property.Value.GetRawText()}"));
    }
}

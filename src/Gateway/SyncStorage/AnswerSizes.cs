using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>The memory that answers take: the maximum before they are loaded, and the actual size afterwards.</summary>
/// <param name="maxRecordPayloadBytes">Bytes that a record's payload may have.</param>
public sealed class AnswerSizes(int maxRecordPayloadBytes)
{
    // A record without its payload, and the JSON around it.
    private const int OneRecord = 300;

    // A collection's name with a number, or a record's id with its fault.
    private const int OneEntry = 100;

    /// <summary>The maximal bytes of the answer to an operation. The answer to a write is short, or is kept whatever room there is.</summary>
    public long Most(Operation operation) => operation switch
    {
        ListRecords list => Most(list.Query),
        ReadRecord => maxRecordPayloadBytes,
        _ => 0,
    };

    /// <summary>The maximal bytes of a page: the last record may exceed the limit, and one is copied to be written.</summary>
    public long Most(ListQuery query) => query.Projection == Projection.Metadata
        ? query.Limit * (long)OneRecord
        : Math.Min(query.MaxBytes + (2L * maxRecordPayloadBytes), 2L * query.Limit * maxRecordPayloadBytes);

    /// <summary>Bytes of a record in an answer: as it is stored, and the part that is copied to be written.</summary>
    public static long Of(StoredRecord record) => OneRecord + record.Body.Length + JsonOutput.CopiedLength(record.Body.Span);

    /// <summary>Bytes of records in an answer of one piece.</summary>
    public static long Of(IReadOnlyList<StoredRecord> records) => records.Sum(Of);

    /// <summary>Bytes of records that are written one after the other: all of them as they are stored, and the longest one as it is written.</summary>
    public static long OfStreamed(IReadOnlyList<StoredRecord> records)
    {
        var (stored, longest) = (0L, 0L);
        foreach (var record in records)
        {
            stored += OneRecord + record.Body.Length;
            longest = Math.Max(longest, JsonOutput.WrittenLength(record.Body.Span));
        }

        return stored + longest;
    }

    /// <summary>Bytes of a list of collections.</summary>
    public static long Of(ListsFound found) => OneEntry * (long)found.Lists.Count;

    /// <summary>Bytes of an answer that says which of so many records were stored.</summary>
    public static long OfResults(int records) => OneEntry * (long)records;
}

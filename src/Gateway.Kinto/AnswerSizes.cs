using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>The memory that answers need: the maximum before they are loaded, and the actual size afterwards.</summary>
internal sealed class AnswerSizes(KintoOptions options)
{
    // An object with its id, in a list or alone, and the JSON around it.
    private const int OneRecord = 300;

    /// <summary>Bytes that the reads of one batch load at a time.</summary>
    public long MostAtOnce => options.MaxPageBytes + (long)options.MaxRecordBytes;

    /// <summary>The maximal bytes of an operation's answer. The refusal of a write may be larger, but then nothing was done.</summary>
    public long Most(Operation operation) => operation switch
    {
        ListRecords list => Most(list.Query),
        ReadAsOf read => Math.Min(read.MaxBytes + options.MaxRecordBytes, read.Limit * (long)options.MaxRecordBytes),
        ReadRecord => options.MaxRecordBytes,
        PatchRecord patch => options.MaxRecordBytes * (patch.ReturnsPrevious ? 2L : 1),
        PutRecord put => put.Body?.Length ?? options.MaxRecordBytes,
        CreateRecord create => create.Body.Length,
        _ => 0,
    };

    /// <summary>The maximal bytes of a page: the last record may exceed the limit.</summary>
    public long Most(ListQuery query) => Math.Min(query.MaxBytes + options.MaxRecordBytes, query.Limit * (long)options.MaxRecordBytes);

    /// <param name="record">The record in the answer.</param>
    /// <param name="isCopied">Whether only some of its fields are shown, which takes a copy.</param>
    public static long Of(StoredRecord record, bool isCopied = false) =>
        OneRecord + (2L * (record.Acl?.Length ?? 0)) + (record.Body.Length * (isCopied || record.Body.Length < AnswerBuffer.LeastStored ? 2L : 1));

    public static long Of(IReadOnlyList<StoredRecord> records, bool isCopied)
    {
        long size = OneRecord;
        for (var i = 0; i < records.Count; i++)
        {
            size += Of(records[i], isCopied);
        }

        return size;
    }

    /// <summary>Whether a change was made that the answer must report, whatever room there is.</summary>
    public static bool IsChange(Outcome outcome) => outcome is RecordWritten or RecordDeleted or RecordsDeleted;
}

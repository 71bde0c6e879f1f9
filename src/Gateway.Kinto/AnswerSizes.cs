using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>The memory that answers take: the most before they are loaded, and what it is once they are there.</summary>
internal sealed class AnswerSizes(KintoOptions options)
{
    // An object with its id, in a list or alone, and what is written around it.
    private const int OneRecord = 300;

    /// <summary>Bytes that reads of one batch load at a time.</summary>
    public long MostAtOnce => options.MaxPageBytes + (long)options.MaxRecordBytes;

    /// <summary>Bytes that the answer to an operation can be. What refuses a write may be more, and nothing was done then.</summary>
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

    /// <summary>Bytes that a page can be: the last record may go beyond the limit.</summary>
    public long Most(ListQuery query) => Math.Min(query.MaxBytes + options.MaxRecordBytes, query.Limit * (long)options.MaxRecordBytes);

    /// <param name="record">What the answer shows.</param>
    /// <param name="isCopied">Whether some fields of it are shown, so that there is a copy of these.</param>
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

    /// <summary>Whether something was done that has to be told, whatever room there is.</summary>
    public static bool IsChange(Outcome outcome) => outcome is RecordWritten or RecordDeleted or RecordsDeleted;
}

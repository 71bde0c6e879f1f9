using Lockstep.Core.Assignments;
using Lockstep.Core.Attachments;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Interchange;

/// <summary>
/// Takes what a file says, line by line. What it cannot take is an <see cref="InterchangeException"/>: without the number of the line where it is that of the call, with it where it is an earlier one.
/// </summary>
internal interface IExportTarget
{
    /// <summary>Says which line the next call is of.</summary>
    void Begin(FilePlace place);

    ValueTask AddAccountAsync(string name, string? passwordHash, ServerTimestamp modified, ServerTimestamp since, bool isDisabled, CancellationToken cancellationToken);

    /// <param name="table">One of those of accounts.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="row">Their values; that of <c>account</c> is null.</param>
    /// <param name="cancellationToken">Stops it.</param>
    ValueTask AddRowAsync(string table, IReadOnlyList<string> columns, IReadOnlyList<object?> row, CancellationToken cancellationToken);

    /// <param name="store">Number and node do not count.</param>
    /// <param name="cancellationToken">Stops it.</param>
    ValueTask AddStoreAsync(Assignment store, CancellationToken cancellationToken);

    ValueTask AddQuotaAsync(string subject, long? bytes, long? records, CancellationToken cancellationToken);

    ValueTask BeginBucketAsync(ReadBucket bucket, CancellationToken cancellationToken);

    /// <param name="list">The key says whether it exists.</param>
    /// <param name="acl">Rights in the form of the format; null for none.</param>
    /// <param name="cancellationToken">Stops it.</param>
    ValueTask AddListAsync(ListHead list, ReadOnlyMemory<byte>? acl, CancellationToken cancellationToken);

    ValueTask AddRecordAsync(ListRef list, StoredRecord record, CancellationToken cancellationToken);

    /// <param name="file">Its bucket does not count. <see cref="Attachment.Size"/> is set.</param>
    /// <param name="cancellationToken">Stops it.</param>
    ValueTask BeginFileAsync(Attachment file, CancellationToken cancellationToken);

    ValueTask AddPieceAsync(int number, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken);

    ValueTask EndFileAsync(CancellationToken cancellationToken);

    ValueTask AddStandingAsync(ListRef? list, string principal, string id, ServerTimestamp stamp, CancellationToken cancellationToken);

    ValueTask EndBucketAsync(CancellationToken cancellationToken);

    /// <summary>The file is whole: its counts and its hash are as its last line says.</summary>
    ValueTask EndAsync(CancellationToken cancellationToken);
}

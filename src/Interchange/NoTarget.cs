using Lockstep.Core.Assignments;
using Lockstep.Core.Attachments;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Interchange;

/// <summary>Takes everything and keeps nothing: a file that can be read into it is whole.</summary>
internal sealed class NoTarget : IExportTarget
{
    public void Begin(FilePlace place)
    {
    }

    public ValueTask AddAccountAsync(string name, string? passwordHash, ServerTimestamp modified, ServerTimestamp since, bool isDisabled, CancellationToken cancellationToken) => default;

    public ValueTask AddRowAsync(string table, IReadOnlyList<string> columns, IReadOnlyList<object?> row, CancellationToken cancellationToken) => default;

    public ValueTask AddStoreAsync(Assignment store, CancellationToken cancellationToken) => default;

    public ValueTask AddQuotaAsync(string subject, long? bytes, long? records, CancellationToken cancellationToken) => default;

    public ValueTask BeginBucketAsync(ReadBucket bucket, CancellationToken cancellationToken) => default;

    public ValueTask AddListAsync(ListHead list, ReadOnlyMemory<byte>? acl, CancellationToken cancellationToken) => CheckAsync(acl);

    public ValueTask AddRecordAsync(ListRef list, StoredRecord record, CancellationToken cancellationToken) => CheckAsync(record.Acl);

    public ValueTask BeginFileAsync(Attachment file, CancellationToken cancellationToken) => default;

    public ValueTask AddPieceAsync(int number, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken) => default;

    public ValueTask EndFileAsync(CancellationToken cancellationToken) => default;

    public ValueTask AddStandingAsync(ListRef? list, string principal, string id, ServerTimestamp stamp, CancellationToken cancellationToken) => default;

    public ValueTask EndBucketAsync(CancellationToken cancellationToken) => default;

    public ValueTask EndAsync(CancellationToken cancellationToken) => default;

    private static async ValueTask CheckAsync(ReadOnlyMemory<byte>? acl)
    {
        if (acl is { } rights)
        {
            await AclText.MapAsync(rights, static principal => ValueTask.FromResult<string?>(principal));
        }
    }
}

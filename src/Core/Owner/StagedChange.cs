using System.Buffers.Binary;
using Lockstep.Core.Operations;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>A change as a row of an upload. The body is preceded by a byte of flags and the lifetime in four bytes.</summary>
internal static class StagedChange
{
    /// <summary>Bytes in front of the body.</summary>
    public const int Overhead = 5;

    private const byte HasBody = 1;
    private const byte HasLifetime = 2;

    /// <param name="change">The change.</param>
    /// <param name="staged">The upload's earlier change of the record; null for none.</param>
    /// <param name="stamp">The stamp of the row.</param>
    /// <param name="expiry">When the upload expires.</param>
    public static StoredRecord ToRow(RecordChange change, StoredRecord? staged, ServerTimestamp stamp, ServerTimestamp expiry)
    {
        var earlier = staged is null ? new RecordChange(change.Id) : From(staged);
        var (body, lifetime) = (change.Body ?? earlier.Body, change.Lifetime ?? earlier.Lifetime);
        var bytes = new byte[Overhead + (body?.Length ?? 0)];
        bytes[0] = (byte)((body is null ? 0 : HasBody) | (lifetime is null ? 0 : HasLifetime));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), lifetime ?? 0);
        body?.CopyTo(bytes.AsMemory(Overhead));
        return new StoredRecord { Id = change.Id, Modified = stamp, Body = bytes, SortIndex = change.SortIndex ?? earlier.SortIndex, Expiry = expiry };
    }

    public static RecordChange From(StoredRecord row)
    {
        var bytes = row.Body.Span;
        return new RecordChange(row.Id)
        {

            // Not null, which would become an empty body.
            Body = (bytes[0] & HasBody) != 0 ? row.Body[Overhead..] : default(ReadOnlyMemory<byte>?),
            Lifetime = (bytes[0] & HasLifetime) != 0 ? BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]) : null,
            SortIndex = row.SortIndex,
        };
    }
}

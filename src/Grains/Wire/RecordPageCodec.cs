using System.Buffers;
using System.Buffers.Binary;
using Lockstep.Core.Records;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Serializers;
using Orleans.Serialization.WireProtocol;

namespace Lockstep.Grains.Wire;

/// <summary>
/// Writes a <see cref="RecordPage"/> as one field: its parts, each after its length (four bytes, little endian), and in them the
/// records as <see cref="RecordPack"/> lays them out. Orleans' serializer would handle each record, its id and its body as objects
/// of their own, at several times the cost. A part becomes one array where it is read, and is small enough not to be a large
/// object for the garbage collector, unless a record alone is larger.
/// </summary>
[RegisterSerializer, RegisterCopier]
internal sealed class RecordPageCodec : IFieldCodec<RecordPage>, IDeepCopier<RecordPage>
{
    public RecordPage? DeepCopy(RecordPage? input, CopyContext context) => input;

    public void WriteField<TBufferWriter>(ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, RecordPage? value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (ReferenceCodec.TryWriteReferenceField(ref writer, fieldIdDelta, expectedType, value))
        {
            return;
        }

        // :: Step 1: what goes where.
        var records = value!.Records;
        var (total, length) = (0L, 0);
        var parts = new List<(int End, int Length)>();
        for (var i = 0; i < records.Count; i++)
        {
            var size = RecordPack.Size(records[i]);
            if (length > 0 && length + size > RecordPack.PreferredBytes)
            {
                parts.Add((i, length));
                total += length + sizeof(int);
                length = 0;
            }

            length = checked(length + size);
        }

        if (length > 0)
        {
            parts.Add((records.Count, length));
            total += length + sizeof(int);
        }

        // :: Step 2: write it.
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(RecordPage), WireType.LengthPrefixed);
        writer.WriteVarUInt32(checked((uint)total));
        var scratch = new ArrayBufferWriter<byte>(256);
        var next = 0;
        Span<byte> prefix = stackalloc byte[sizeof(int)];
        foreach (var (end, bytes) in parts)
        {
            BinaryPrimitives.WriteInt32LittleEndian(prefix, bytes);
            writer.Write(prefix);
            for (; next < end; next++)
            {
                var record = records[next];
                scratch.ResetWrittenCount();
                RecordPack.WriteHead(scratch, record);
                writer.Write(scratch.WrittenSpan);
                writer.Write(record.Body.Span);
                scratch.ResetWrittenCount();
                RecordPack.WriteTail(scratch, record);
                writer.Write(scratch.WrittenSpan);
            }
        }
    }

    public RecordPage ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        if (field.IsReference)
        {
            return ReferenceCodec.ReadReference<RecordPage, TInput>(ref reader, field)!;
        }

        field.EnsureWireType(WireType.LengthPrefixed);
        var left = (long)reader.ReadVarUInt32();
        var records = new List<StoredRecord>();
        Span<byte> prefix = stackalloc byte[sizeof(int)];
        while (left > 0)
        {
            reader.ReadBytes(prefix);
            var length = BinaryPrimitives.ReadInt32LittleEndian(prefix);
            left -= sizeof(int) + (long)length;
            if (length < 0 || left < 0)
            {
                throw new InvalidDataException("A page of records is cut off.");
            }

            RecordPack.Unpack(reader.ReadBytes((uint)length), records);
        }

        var page = new RecordPage(records);
        ReferenceCodec.RecordObject(reader.Session, page);
        return page;
    }
}

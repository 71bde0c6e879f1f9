using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire;

/// <summary>
/// How a record of a page lies in an array of bytes. Invariants:
/// <list type="number">
/// <item>Each record begins with its length, so that who does not know what a later version adds at its end skips it.</item>
/// <item>An array ends with a record.</item>
/// <item>Unpacked bodies are parts of the arrays, not copies.</item>
/// </list>
/// </summary>
internal static class RecordPack
{
    /// <summary>Bytes that an array has at most, unless a record alone is larger.</summary>
    public const int PreferredBytes = 64 * 1024;

    [Flags]
    private enum Members : byte
    {
        None = 0,
        Tombstone = 1,
        Author = 2,
        Acl = 4,
        SortIndex = 8,
        Expiry = 16,
    }

    /// <summary>In the form of 0.1.0.</summary>
    public static byte[][] Pack(IReadOnlyList<StoredRecord> records)
    {
        var packs = new List<byte[]>();
        var pack = new ArrayBufferWriter<byte>(PreferredBytes);
        foreach (var record in records)
        {
            if (pack.WrittenCount > 0 && pack.WrittenCount + Size(record) > PreferredBytes)
            {
                packs.Add(pack.WrittenSpan.ToArray());
                pack.ResetWrittenCount();
            }

            WriteHead(pack, record);
            pack.Write(record.Body.Span);
            WriteTail(pack, record);
        }

        packs.Add(pack.WrittenSpan.ToArray());
        return [.. packs];
    }

    public static IReadOnlyList<StoredRecord> Unpack(byte[][] packs)
    {
        var records = new List<StoredRecord>();
        foreach (var pack in packs)
        {
            Unpack(pack, records);
        }

        return records;
    }

    public static void Unpack(byte[] pack, List<StoredRecord> into)
    {
        using var stream = new MemoryStream(pack);
        using var reader = new BinaryReader(stream, Encoding.UTF8);
        while (stream.Position < pack.Length)
        {
            var end = reader.ReadInt32() + stream.Position;
            into.Add(Read(reader, pack));
            stream.Position = end;
        }
    }

    /// <summary>Bytes of head, body and tail together.</summary>
    public static int Size(StoredRecord record) => checked(sizeof(int) + Rest(record) + record.Body.Length);

    /// <summary>All that comes before the body.</summary>
    public static void WriteHead(IBufferWriter<byte> output, StoredRecord record)
    {
        BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(sizeof(int)), Rest(record) + record.Body.Length);
        output.Advance(sizeof(int));
        Write(output, record.Id);
        Write(output, (ulong)record.Modified.Milliseconds);
        output.Write([(byte)(
            (record.IsTombstone ? Members.Tombstone : Members.None)
            | (record.Author is null ? Members.None : Members.Author)
            | (record.Acl is null ? Members.None : Members.Acl)
            | (record.SortIndex is null ? Members.None : Members.SortIndex)
            | (record.Expiry is null ? Members.None : Members.Expiry))]);
        Write(output, (uint)record.Body.Length);
    }

    /// <summary>All that comes after it.</summary>
    public static void WriteTail(IBufferWriter<byte> output, StoredRecord record)
    {
        if (record.Author is { } author)
        {
            Write(output, author);
        }

        if (record.Acl is { } acl)
        {
            Write(output, (uint)acl.Length);
            output.Write(acl.Span);
        }

        if (record.SortIndex is { } sortIndex)
        {
            Write(output, (uint)sortIndex);
        }

        if (record.Expiry is { } expiry)
        {
            Write(output, (ulong)expiry.Milliseconds);
        }
    }

    /// <summary>Bytes of all but the length and the body.</summary>
    private static int Rest(StoredRecord record) =>
        Size(record.Id) + Size((ulong)record.Modified.Milliseconds) + 1 + Size((uint)record.Body.Length)
        + (record.Author is { } author ? Size(author) : 0)
        + (record.Acl is { } acl ? Size((uint)acl.Length) + acl.Length : 0)
        + (record.SortIndex is { } sortIndex ? Size((uint)sortIndex) : 0)
        + (record.Expiry is { } expiry ? Size((ulong)expiry.Milliseconds) : 0);

    private static StoredRecord Read(BinaryReader reader, byte[] pack)
    {
        var id = reader.ReadString();
        var modified = new ServerTimestamp(reader.Read7BitEncodedInt64());
        var members = (Members)reader.ReadByte();
        var body = ReadBytes(reader, pack);
        return new()
        {
            Id = id,
            Modified = modified,
            IsTombstone = members.HasFlag(Members.Tombstone),
            Body = body,
            Author = members.HasFlag(Members.Author) ? reader.ReadString() : null,
            Acl = members.HasFlag(Members.Acl) ? ReadBytes(reader, pack) : default(ReadOnlyMemory<byte>?),
            SortIndex = members.HasFlag(Members.SortIndex) ? reader.Read7BitEncodedInt() : null,
            Expiry = members.HasFlag(Members.Expiry) ? new ServerTimestamp(reader.Read7BitEncodedInt64()) : null,
        };
    }

    private static ReadOnlyMemory<byte> ReadBytes(BinaryReader reader, byte[] pack)
    {
        var length = reader.Read7BitEncodedInt();
        var bytes = pack.AsMemory((int)reader.BaseStream.Position, length);
        reader.BaseStream.Position += length;
        return bytes;
    }

    private static int Size(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        return Size((uint)bytes) + bytes;
    }

    /// <summary>Bytes of a number of which seven bits go into each.</summary>
    private static int Size(ulong value)
    {
        var bytes = 1;
        for (; value >= 0x80; value >>= 7)
        {
            bytes++;
        }

        return bytes;
    }

    private static void Write(IBufferWriter<byte> output, string text)
    {
        Write(output, (uint)Encoding.UTF8.GetByteCount(text));
        output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
    }

    private static void Write(IBufferWriter<byte> output, ulong value)
    {
        var span = output.GetSpan(10);
        var bytes = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[bytes++] = (byte)(value | 0x80);
        }

        span[bytes++] = (byte)value;
        output.Advance(bytes);
    }
}

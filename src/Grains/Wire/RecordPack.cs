using System.Text;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire;

/// <summary>
/// The records of a page as a few arrays of bytes: Orleans' serializer would handle each of them, its id and its bodies as objects
/// of their own, at several times the cost. Invariants:
/// <list type="number">
/// <item>Each record begins with its length, so that who does not know what a later version adds at its end skips it.</item>
/// <item>An array ends with a record; one is small enough not to be a large object for the garbage collector, unless a record
/// alone is larger.</item>
/// <item>Unpacked bodies are parts of the arrays, not copies.</item>
/// </list>
/// </summary>
internal static class RecordPack
{
    private const int PreferredBytes = 64 * 1024;

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

    public static byte[][] Pack(IReadOnlyList<StoredRecord> records)
    {
        var packs = new List<byte[]>();
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        foreach (var record in records)
        {
            if (stream.Length > 0 && stream.Length + record.Body.Length + (record.Acl?.Length ?? 0) > PreferredBytes)
            {
                packs.Add(stream.ToArray());
                stream.SetLength(0);
            }

            Write(writer, record);
        }

        packs.Add(stream.ToArray());
        return [.. packs];
    }

    public static IReadOnlyList<StoredRecord> Unpack(byte[][] packs)
    {
        var records = new List<StoredRecord>();
        foreach (var pack in packs)
        {
            using var stream = new MemoryStream(pack);
            using var reader = new BinaryReader(stream, Encoding.UTF8);
            while (stream.Position < pack.Length)
            {
                var end = reader.ReadInt32() + stream.Position;
                records.Add(Read(reader, pack));
                stream.Position = end;
            }
        }

        return records;
    }

    private static void Write(BinaryWriter writer, StoredRecord record)
    {
        var begin = (int)writer.BaseStream.Length;
        writer.Write(0);
        writer.Write(record.Id);
        writer.Write7BitEncodedInt64(record.Modified.Milliseconds);
        writer.Write((byte)(
            (record.IsTombstone ? Members.Tombstone : Members.None)
            | (record.Author is null ? Members.None : Members.Author)
            | (record.Acl is null ? Members.None : Members.Acl)
            | (record.SortIndex is null ? Members.None : Members.SortIndex)
            | (record.Expiry is null ? Members.None : Members.Expiry)));
        WriteBytes(writer, record.Body);
        if (record.Author is { } author)
        {
            writer.Write(author);
        }

        if (record.Acl is { } acl)
        {
            WriteBytes(writer, acl);
        }

        if (record.SortIndex is { } sortIndex)
        {
            writer.Write7BitEncodedInt(sortIndex);
        }

        if (record.Expiry is { } expiry)
        {
            writer.Write7BitEncodedInt64(expiry.Milliseconds);
        }

        var end = (int)writer.BaseStream.Length;
        writer.Seek(begin, SeekOrigin.Begin);
        writer.Write(end - begin - sizeof(int));
        writer.Seek(end, SeekOrigin.Begin);
    }

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

    private static void WriteBytes(BinaryWriter writer, ReadOnlyMemory<byte> bytes)
    {
        writer.Write7BitEncodedInt(bytes.Length);
        writer.Write(bytes.Span);
    }

    private static ReadOnlyMemory<byte> ReadBytes(BinaryReader reader, byte[] pack)
    {
        var length = reader.Read7BitEncodedInt();
        var bytes = pack.AsMemory((int)reader.BaseStream.Position, length);
        reader.BaseStream.Position += length;
        return bytes;
    }
}

using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Lists;

/// <summary>
/// The values that a record is sorted by, as bytes that sort like the records. The order is that of PostgreSQL's jsonb, which Kinto's clients
/// see, with "missing" last. Values are converted once, and compared as bytes, however deep and large they are. Invariants:
/// <list type="number">
/// <item>No value's bytes are a prefix of another's, so that those of several fields can be concatenated. The bytes of a descending
/// field are inverted.</item>
/// <item>A key has at most <see cref="MaxLength"/> bytes, shared by its fields. Values that only differ after that count as equal.</item>
/// </list>
/// </summary>
internal sealed class SortKey
{
    /// <summary>Maximal bytes of a key.</summary>
    public const int MaxLength = 4096;

    // Members that are sorted. Objects with more members are only compared by their number.
    private const int MaxSortedMembers = 1000;

    // Decimals have 28 digits after the point, and 29 before it.
    private const int DecimalDigits = 28;
    private const int DecimalBytes = 26;

    private const byte Null = 1;
    private const byte Text = 2;
    private const byte Number = 3;
    private const byte Boolean = 4;
    private const byte Array = 5;
    private const byte Object = 6;
    private const byte Missing = 7;

    // From here on doubles have no decimal.
    private const double LargestDecimal = 7.9e28;

    private static readonly BigInteger Offset = BigInteger.One << ((8 * DecimalBytes) - 1);

    private readonly byte[] buffer;
    private readonly int share;
    private int end;
    private int limit;

    /// <param name="fields">The number of fields in the key.</param>
    /// <param name="maxLength">Maximal bytes of a key.</param>
    public SortKey(int fields, int maxLength = MaxLength) => (buffer, share) = (new byte[maxLength], maxLength / Math.Max(1, fields));

    /// <returns>The key. The next one can then begin.</returns>
    public byte[] Take()
    {
        var key = buffer.AsSpan(0, end).ToArray();
        end = 0;
        return key;
    }

    /// <param name="value">A field's value; undefined where it is missing.</param>
    /// <param name="isDescending">Whether the greatest comes first.</param>
    public void Add(JsonElement value, bool isDescending)
    {
        var start = Begin();
        Write(value);
        End(start, isDescending);
    }

    /// <inheritdoc cref="Add(JsonElement, bool)"/>
    public void Add(string value, bool isDescending)
    {
        var start = Begin();
        Write(Text);
        WriteText(value);
        End(start, isDescending);
    }

    /// <inheritdoc cref="Add(JsonElement, bool)"/>
    public void Add(long value, bool isDescending)
    {
        var start = Begin();
        WriteNumber(value, value);
        End(start, isDescending);
    }

    /// <inheritdoc cref="Add(JsonElement, bool)"/>
    public void Add(bool value, bool isDescending)
    {
        var start = Begin();
        Write(Boolean);
        Write(value ? (byte)1 : (byte)0);
        End(start, isDescending);
    }

    private int Begin()
    {
        limit = end + share;
        return end;
    }

    private void End(int start, bool isDescending)
    {
        if (isDescending)
        {
            foreach (ref var one in buffer.AsSpan(start, end - start))
            {
                one = (byte)~one;
            }
        }
    }

    private void Write(byte one)
    {
        if (end < limit)
        {
            buffer[end++] = one;
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        var fitting = bytes[..Math.Min(bytes.Length, limit - end)];
        fitting.CopyTo(buffer.AsSpan(end));
        end += fitting.Length;
    }

    private void Write(JsonElement value)
    {
        if (end == limit)
        {
            return;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.Null:
                Write(Null);
                break;
            case JsonValueKind.String:
                Write(Text);
                WriteText(value);
                break;
            case JsonValueKind.Number:
                var number = value.TryGetDouble(out var nearest) ? nearest : double.PositiveInfinity;
                WriteNumber(number, value.TryGetDecimal(out var exact) ? exact : null);
                break;
            case JsonValueKind.True or JsonValueKind.False:
                Write(Boolean);
                Write(value.ValueKind == JsonValueKind.True ? (byte)1 : (byte)0);
                break;
            case JsonValueKind.Array:
                Write(Array);
                WriteCount(value.GetArrayLength());
                foreach (var item in value.EnumerateArray())
                {
                    if (end == limit)
                    {
                        break;
                    }

                    Write(item);
                }

                break;
            case JsonValueKind.Object:
                Write(Object);
                WriteCount(value.GetPropertyCount());
                WriteMembers(value);
                break;
            default:
                Write(Missing);
                break;
        }
    }

    private void WriteMembers(JsonElement value)
    {
        if (value.GetPropertyCount() > MaxSortedMembers)
        {
            return;
        }

        foreach (var member in value.EnumerateObject().OrderBy(static member => member.Name, StringComparer.Ordinal))
        {
            if (end == limit)
            {
                break;
            }

            WriteText(member.Name);
            Write(member.Value);
        }
    }

    private void WriteText(JsonElement text)
    {
        var raw = JsonMarshal.GetRawUtf8Value(text)[1..^1];
        var first = raw[..Math.Min(raw.Length, limit - end)];

        // Copied unchanged, unless it has escapes or four-byte characters, whose order in UTF-16 differs.
        if (first.Contains((byte)'\\') || first.ContainsAnyInRange((byte)0xF0, (byte)0xFF))
        {
            WriteText(JsonText.Decode(text));
        }
        else
        {
            Write(first);
            Write(0);
        }
    }

    /// <summary>Each UTF-16 unit as UTF-8 would write it, and a zero at the end. The units 0 and 1 are escaped.</summary>
    private void WriteText(string text)
    {
        foreach (var unit in text)
        {
            if (end == limit)
            {
                return;
            }

            switch (unit)
            {
                case < '\u0002':
                    Write(1);
                    Write((byte)(unit + 1));
                    break;
                case < '\u0080':
                    Write((byte)unit);
                    break;
                case < '\u0800':
                    Write((byte)(0xC0 | (unit >> 6)));
                    Write((byte)(0x80 | (unit & 0x3F)));
                    break;
                default:
                    Write((byte)(0xE0 | (unit >> 12)));
                    Write((byte)(0x80 | ((unit >> 6) & 0x3F)));
                    Write((byte)(0x80 | (unit & 0x3F)));
                    break;
            }
        }

        Write(0);
    }

    private void WriteCount(int count)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, count);
        Write(bytes);
    }

    /// <summary>
    /// By the nearest double, then by the nearest decimal. Both round without changing the order, so that numbers of any size have an order.
    /// Numbers that are equal in both count as equal.
    /// </summary>
    private void WriteNumber(double nearest, decimal? exact)
    {
        Write(Number);
        var bits = BitConverter.DoubleToInt64Bits(nearest == 0 ? 0 : nearest);
        Span<byte> bytes = stackalloc byte[DecimalBytes];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, bits < 0 ? ~(ulong)bits : (ulong)bits ^ (1UL << 63));
        Write(bytes[..sizeof(ulong)]);
        var order = exact is { } value && Math.Abs(nearest) < LargestDecimal ? value.CompareTo((decimal)nearest) : 0;
        Write((byte)(2 + Math.Sign(order)));
        if (order == 0)
        {
            return;
        }

        Span<int> parts = stackalloc int[4];
        decimal.GetBits(exact!.Value, parts);
        var whole = new BigInteger(MemoryMarshal.AsBytes(parts[..3]), isUnsigned: true) * BigInteger.Pow(10, DecimalDigits - ((parts[3] >> 16) & 0xFF));
        bytes.Clear();
        (Offset + (parts[3] < 0 ? -whole : whole)).TryWriteBytes(bytes, out var written, isUnsigned: true, isBigEndian: true);
        if (written < DecimalBytes)
        {
            bytes[..written].CopyTo(bytes[(DecimalBytes - written)..]);
            bytes[..(DecimalBytes - written)].Clear();
        }

        Write(bytes);
    }
}

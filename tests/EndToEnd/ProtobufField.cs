using System.Buffers.Binary;

namespace Lockstep.EndToEnd;

/// <summary>One field of a protobuf message, as far as OTLP needs it.</summary>
/// <param name="Number">The field's number.</param>
/// <param name="Value">Of a field of fixed or variable length.</param>
/// <param name="Bytes">Of a string or a message.</param>
public readonly record struct ProtobufField(int Number, ulong Value, ReadOnlyMemory<byte> Bytes)
{
    public double AsDouble => BitConverter.UInt64BitsToDouble(Value);

    public string AsText => System.Text.Encoding.UTF8.GetString(Bytes.Span);

    public static IEnumerable<ProtobufField> Read(ReadOnlyMemory<byte> message)
    {
        while (message.Length > 0)
        {
            var key = Varint(ref message);
            var (number, kind) = ((int)(key >> 3), key & 7);
            switch (kind)
            {
                case 0:
                    yield return new ProtobufField(number, Varint(ref message), default);
                    break;
                case 1:
                    yield return new ProtobufField(number, BinaryPrimitives.ReadUInt64LittleEndian(message.Span), default);
                    message = message[8..];
                    break;
                case 2:
                    var length = (int)Varint(ref message);
                    yield return new ProtobufField(number, 0, message[..length]);
                    message = message[length..];
                    break;
                case 5:
                    yield return new ProtobufField(number, BinaryPrimitives.ReadUInt32LittleEndian(message.Span), default);
                    message = message[4..];
                    break;
                default:
                    throw new InvalidDataException($"Wire type {kind}.");
            }
        }
    }

    /// <summary>The messages in the fields of that number.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Each(ReadOnlyMemory<byte> message, int number) =>
        Read(message).Where(field => field.Number == number).Select(field => field.Bytes);

    private static ulong Varint(ref ReadOnlyMemory<byte> message)
    {
        ulong value = 0;
        for (var i = 0; ; i++)
        {
            var next = message.Span[i];
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                message = message[(i + 1)..];
                return value;
            }
        }
    }
}

using System.Buffers;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>Writes text that is already UTF-8 as JSON.</summary>
public static class JsonOutput
{
    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, 32).Select(static value => (byte)value), (byte)'"', (byte)'\\']);

    /// <summary>A string, in quotes.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="text">The text, which must not change for as long as the answer lives.</param>
    public static void WriteString(IBufferWriter<byte> output, ReadOnlyMemory<byte> text)
    {
        output.Write("\""u8);
        for (int at; (at = text.Span.IndexOfAny(Escaped)) >= 0; text = text[(at + 1)..])
        {
            output.WriteStored(text[..at]);
            Escape(output, text.Span[at]);
        }

        output.WriteStored(text);
        output.Write("\""u8);
    }

    /// <summary>Bytes of the string as it is written, without its quotes.</summary>
    public static long WrittenLength(ReadOnlySpan<byte> text) => Length(text, leastStored: int.MaxValue);

    /// <summary>Bytes of the string as <see cref="WriteString"/> writes it, quotes included.</summary>
    public static long StringLength(ReadOnlySpan<byte> text) => 2 + WrittenLength(text);

    /// <summary>As <see cref="WrittenLength"/>, without the parts that an <see cref="AnswerBuffer"/> does not copy.</summary>
    public static long CopiedLength(ReadOnlySpan<byte> text) => Length(text, AnswerBuffer.LeastStored);

    private static long Length(ReadOnlySpan<byte> text, int leastStored)
    {
        var length = 0L;
        for (int at; (at = text.IndexOfAny(Escaped)) >= 0; text = text[(at + 1)..])
        {
            length += (at < leastStored ? at : 0) + (text[at] is (byte)'"' or (byte)'\\' ? 2 : 6);
        }

        return length + (text.Length < leastStored ? text.Length : 0);
    }

    private static void Escape(IBufferWriter<byte> output, byte value)
    {
        switch (value)
        {
            case (byte)'"':
                output.Write("\\\""u8);
                break;
            case (byte)'\\':
                output.Write("\\\\"u8);
                break;
            default:
                output.Write("\\u00"u8);
                output.Write([(byte)"0123456789abcdef"[value >> 4], (byte)"0123456789abcdef"[value & 15]]);
                break;
        }
    }
}

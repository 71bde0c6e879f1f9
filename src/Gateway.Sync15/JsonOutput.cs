using System.Buffers;

namespace Lockstep.Gateway.Sync15;

/// <summary>Writes text that is UTF-8 already as JSON.</summary>
internal static class JsonOutput
{
    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, 32).Select(static value => (byte)value), (byte)'"', (byte)'\\']);

    /// <summary>A string, in quotes.</summary>
    public static void WriteString(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        output.Write("\""u8);
        for (int at; (at = text.IndexOfAny(Escaped)) >= 0; text = text[(at + 1)..])
        {
            output.Write(text[..at]);
            Escape(output, text[at]);
        }

        output.Write(text);
        output.Write("\""u8);
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

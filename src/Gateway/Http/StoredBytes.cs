using System.Buffers;

namespace Lockstep.Gateway.Http;

/// <summary>Stored data on its way out.</summary>
public static class StoredBytes
{
    /// <summary>Writes what stays as it is for as long as the answer lives; an <see cref="AnswerBuffer"/> makes no copy of what is large.</summary>
    public static void WriteStored(this IBufferWriter<byte> output, ReadOnlyMemory<byte> stored)
    {
        if (output is AnswerBuffer buffer && stored.Length >= AnswerBuffer.LeastStored)
        {
            buffer.Refer(stored);
        }
        else
        {
            output.Write(stored.Span);
        }
    }
}

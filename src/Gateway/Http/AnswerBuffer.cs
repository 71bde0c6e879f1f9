using System.Buffers;

namespace Lockstep.Gateway.Http;

/// <summary>
/// Collects an answer whose length is not known in advance. Stored data is not copied, only referenced. Not thread-safe;
/// its memory is gone once it is disposed of.
/// </summary>
public sealed class AnswerBuffer : IBufferWriter<byte>, IDisposable
{
    /// <summary>From this many bytes on, a reference costs less than a copy.</summary>
    public const int LeastStored = 1024;

    private const int BlockBytes = 32 << 10;

    private readonly List<ReadOnlyMemory<byte>> stretches = [];
    private readonly List<byte[]> blocks = [];
    private byte[] block = [];

    // Begin and end of the current stretch in the block.
    private int begin;
    private int end;
    private long closed;

    public long Length => closed + end - begin;

    /// <summary>All of it, in order. Nothing may be written after this.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Written
    {
        get
        {
            Close();
            return stretches;
        }
    }

    public void Advance(int count) => end += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return block.AsMemory(end);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return block.AsSpan(end);
    }

    /// <summary>References bytes in place; they must not change until the answer has been sent.</summary>
    public void Refer(ReadOnlyMemory<byte> stored)
    {
        Close();
        stretches.Add(stored);
        closed += stored.Length;
    }

    public void Dispose()
    {
        stretches.Clear();
        foreach (var rented in blocks)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        blocks.Clear();
        (block, begin, end, closed) = ([], 0, 0, 0);
    }

    private void Close()
    {
        if (end > begin)
        {
            stretches.Add(block.AsMemory(begin, end - begin));
            closed += end - begin;
            begin = end;
        }
    }

    private void Reserve(int sizeHint)
    {
        if (block.Length - end >= Math.Max(sizeHint, 1))
        {
            return;
        }

        Close();
        block = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, BlockBytes));
        blocks.Add(block);
        (begin, end) = (0, 0);
    }
}

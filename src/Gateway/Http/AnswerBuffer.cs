using System.Buffers;

namespace Lockstep.Gateway.Http;

/// <summary>
/// Gathers an answer whose length is not known before it is written. What is stored already is not copied, only kept in its place. Not
/// for several threads; the memory is gone once it is disposed.
/// </summary>
public sealed class AnswerBuffer : IBufferWriter<byte>, IDisposable
{
    /// <summary>Bytes from which on it costs less to remember where something lies than to copy it.</summary>
    public const int LeastStored = 1024;

    private const int BlockBytes = 32 << 10;

    private readonly List<ReadOnlyMemory<byte>> stretches = [];
    private readonly List<byte[]> blocks = [];
    private byte[] block = [];

    // Of the block: where the stretch that is being written begins and ends.
    private int begin;
    private int end;
    private long closed;

    public long Length => closed + end - begin;

    /// <summary>All of it, in order. Nothing is written any more after this.</summary>
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

    /// <summary>Takes bytes as they lie; they must not change until the answer has left.</summary>
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

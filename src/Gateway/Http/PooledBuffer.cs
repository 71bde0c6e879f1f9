using System.Buffers;

namespace Lockstep.Gateway.Http;

/// <summary>
/// A growing buffer on rented arrays. Not thread-safe; its memory is gone once it is disposed of. Arrays of more than a mebibyte are not rented: the pool
/// would keep one of each length for each thread that ever gave one back.
/// </summary>
public sealed class PooledBuffer(int capacity = 1024) : IBufferWriter<byte>, IDisposable
{
    private const int MostPooled = 1 << 20;

    private byte[] buffer = Rent(capacity);

    public int Length { get; private set; }

    /// <summary>Its capacity in bytes.</summary>
    public int Capacity => buffer.Length;

    public ReadOnlyMemory<byte> Written => buffer.AsMemory(0, Length);

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return buffer.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return buffer.AsSpan(Length);
    }

    public void Clear() => Length = 0;

    /// <summary>The size of the array that is rented for this many bytes: a power of two.</summary>
    public static int CapacityFor(int bytes) => (int)Math.Min(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(bytes, 16)), (uint)Array.MaxLength);

    /// <summary>Makes room for this many bytes in all, and no more than needed.</summary>
    public void Grow(int bytes)
    {
        if (bytes > buffer.Length)
        {
            Resize(bytes);
        }
    }

    public void Dispose()
    {
        var rented = buffer;
        buffer = [];
        Length = 0;
        if (rented.Length > 0)
        {
            Return(rented);
        }
    }

    private void Reserve(int sizeHint)
    {
        var needed = Math.Max(sizeHint, 1);
        if (buffer.Length - Length >= needed)
        {
            return;
        }

        Resize(Math.Max(buffer.Length * 2, Length + needed));
    }

    private void Resize(int bytes)
    {
        var larger = Rent(bytes);
        buffer.AsSpan(0, Length).CopyTo(larger);
        Return(buffer);
        buffer = larger;
    }

    private static byte[] Rent(int bytes) => bytes <= MostPooled ? ArrayPool<byte>.Shared.Rent(bytes) : GC.AllocateUninitializedArray<byte>(CapacityFor(bytes));

    private static void Return(byte[] rented)
    {
        if (rented.Length <= MostPooled)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}

using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Lockstep.Core.Accounts;

/// <summary>scrypt with one lane, to verify hashes of other servers; no new hashes are made with it.</summary>
/// <remarks>RFC 7914.</remarks>
internal static class Scrypt
{
    private const int WordsOfBlock = 16;

    /// <param name="password">The password.</param>
    /// <param name="salt">The salt.</param>
    /// <param name="cost">N: a power of two. It takes 128 · N · r bytes of memory.</param>
    /// <param name="blockSize">r.</param>
    /// <param name="length">Bytes of the key.</param>
    public static byte[] Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int cost, int blockSize, int length)
    {
        var block = Rfc2898DeriveBytes.Pbkdf2(password, salt, 1, HashAlgorithmName.SHA256, 128 * blockSize);
        var words = new uint[block.Length / sizeof(uint)];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(i * sizeof(uint)));
        }

        Mix(words, cost);
        for (var i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(i * sizeof(uint)), words[i]);
        }

        return Rfc2898DeriveBytes.Pbkdf2(password, block, 1, HashAlgorithmName.SHA256, length);
    }

    /// <summary>scryptROMix.</summary>
    private static void Mix(Span<uint> block, int cost)
    {
        Span<uint> memory = GC.AllocateUninitializedArray<uint>(cost * block.Length);
        Span<uint> other = new uint[block.Length];
        for (var i = 0; i < cost; i++)
        {
            block.CopyTo(memory[(i * block.Length)..]);
            MixBlocks(block, other);
            other.CopyTo(block);
        }

        for (var i = 0; i < cost; i++)
        {
            // The first word of the last block is enough: the other words only matter from 2^32 on.
            var at = (int)(block[^WordsOfBlock] & (uint)(cost - 1));
            Xor(block, memory.Slice(at * block.Length, block.Length));
            MixBlocks(block, other);
            other.CopyTo(block);
        }
    }

    /// <summary>scryptBlockMix: blocks with even numbers come first.</summary>
    private static void MixBlocks(ReadOnlySpan<uint> blocks, Span<uint> mixed)
    {
        Span<uint> x = stackalloc uint[WordsOfBlock];
        blocks[^WordsOfBlock..].CopyTo(x);
        var count = blocks.Length / WordsOfBlock;
        for (var i = 0; i < count; i++)
        {
            Xor(x, blocks.Slice(i * WordsOfBlock, WordsOfBlock));
            Salsa(x);
            x.CopyTo(mixed[(((i / 2) + (i % 2 * (count / 2))) * WordsOfBlock)..]);
        }
    }

    /// <summary>Salsa20/8: four rounds over the columns and four over the rows.</summary>
    private static void Salsa(Span<uint> block)
    {
        Span<uint> x = stackalloc uint[WordsOfBlock];
        block.CopyTo(x);
        for (var i = 0; i < 4; i++)
        {
            Quarter(x, 0, 4, 8, 12);
            Quarter(x, 5, 9, 13, 1);
            Quarter(x, 10, 14, 2, 6);
            Quarter(x, 15, 3, 7, 11);
            Quarter(x, 0, 1, 2, 3);
            Quarter(x, 5, 6, 7, 4);
            Quarter(x, 10, 11, 8, 9);
            Quarter(x, 15, 12, 13, 14);
        }

        for (var i = 0; i < WordsOfBlock; i++)
        {
            block[i] += x[i];
        }
    }

    private static void Quarter(Span<uint> x, int a, int b, int c, int d)
    {
        x[b] ^= BitOperations.RotateLeft(x[a] + x[d], 7);
        x[c] ^= BitOperations.RotateLeft(x[b] + x[a], 9);
        x[d] ^= BitOperations.RotateLeft(x[c] + x[b], 13);
        x[a] ^= BitOperations.RotateLeft(x[d] + x[c], 18);
    }

    private static void Xor(Span<uint> target, ReadOnlySpan<uint> with)
    {
        for (var i = 0; i < target.Length; i++)
        {
            target[i] ^= with[i];
        }
    }
}

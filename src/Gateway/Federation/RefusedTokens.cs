using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Gateway.Federation;

/// <summary>Tokens that were refused, or used up, a short while ago, by their digests, so that nobody asks again. Safe for concurrent use.</summary>
/// <param name="time">The clock.</param>
/// <param name="remembered">For how long. Default: <see cref="Lifetime"/>.</param>
public sealed class RefusedTokens(TimeProvider time, TimeSpan? remembered = null)
{
    public const int MaxEntries = 10_000;
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();

    // In the order in which they came.
    private readonly Queue<(UInt128 Digest, long At)> order = new();
    private readonly HashSet<UInt128> digests = [];

    public static UInt128 DigestOf(string token) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    public bool Contains(UInt128 digest)
    {
        lock (gate)
        {
            Forget(MaxEntries);
            return digests.Contains(digest);
        }
    }

    /// <returns>False when it was there.</returns>
    public bool Add(UInt128 digest)
    {
        lock (gate)
        {
            Forget(MaxEntries);
            if (!digests.Add(digest))
            {
                return false;
            }

            order.Enqueue((digest, time.GetTimestamp()));
            Forget(MaxEntries);
            return true;
        }
    }

    private void Forget(int most)
    {
        while (order.TryPeek(out var oldest) && (order.Count > most || time.GetElapsedTime(oldest.At) >= (remembered ?? Lifetime)))
        {
            digests.Remove(order.Dequeue().Digest);
        }
    }
}

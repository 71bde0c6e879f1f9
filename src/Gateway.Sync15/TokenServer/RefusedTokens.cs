using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Tokens that an account server refused a short while ago, by their digests: it is not asked again. Safe for concurrent use.</summary>
internal sealed class RefusedTokens(TimeProvider time)
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

    public void Add(UInt128 digest)
    {
        lock (gate)
        {
            if (digests.Add(digest))
            {
                order.Enqueue((digest, time.GetTimestamp()));
                Forget(MaxEntries);
            }
        }
    }

    private void Forget(int most)
    {
        while (order.TryPeek(out var oldest) && (order.Count > most || time.GetElapsedTime(oldest.At) >= Lifetime))
        {
            digests.Remove(order.Dequeue().Digest);
        }
    }
}

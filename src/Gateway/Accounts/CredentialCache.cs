using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Accounts;

/// <summary>
/// Remembers which <c>Authorization</c> headers were right, by a digest with a key of this process, so that a request
/// does not cost a password hash. An entry names the account and the stored hash that the header was verified against. After a short while the
/// hash is compared with the account again, which costs a read and no hash.
/// </summary>
public sealed class CredentialCache(AccountOptions options, TimeProvider time)
{
    // Each dropped entry costs its device one hash. Dropping all at once would keep all cores busy for long.
    private const int EvictedPart = 100;

    private readonly byte[] key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<UInt128, Entry> entries = new();

    // Few accounts share a slot, and nobody outside can tell which: it depends on a key of this process.
    private readonly long[] generations = new long[1 << 16];

    /// <summary>Rises with every change of the account. A password that was verified before the change must not be added after it.</summary>
    public long GenerationOf(string account) => Interlocked.Read(ref generations[PlaceOf(account)]);

    public UInt128 Digest(string header)
    {
        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var length = Encoding.UTF8.GetMaxByteCount(header.Length);
        Span<byte> bytes = length <= 512 ? stackalloc byte[length] : new byte[length];
        HMACSHA256.HashData(key, bytes[..Encoding.UTF8.GetBytes(header, bytes)], digest);
        return BitConverter.ToUInt128(digest);
    }

    public Entry? Find(UInt128 digest) => entries.GetValueOrDefault(digest);

    public bool IsFresh(Entry entry) => time.GetElapsedTime(entry.CheckedAt) < options.CacheTime;

    public void Add(UInt128 digest, Principal principal, long verifiedIn)
    {
        if (entries.Count >= options.CacheEntries)
        {
            Forget(1 + (options.CacheEntries / EvictedPart));
        }

        entries[digest] = new Entry(principal, time.GetTimestamp());
        if (verifiedIn != GenerationOf(principal.Account))
        {
            entries.TryRemove(digest, out _);
        }
    }

    public void Remove(UInt128 digest) => entries.TryRemove(digest, out _);

    /// <summary>Forgets the remembered headers of the account.</summary>
    public void Invalidate(string account)
    {
        Interlocked.Increment(ref generations[PlaceOf(account)]);
        foreach (var (digest, entry) in entries)
        {
            if (string.Equals(entry.Principal.Account, account, StringComparison.Ordinal))
            {
                entries.TryRemove(digest, out _);
            }
        }
    }

    private int PlaceOf(string account) => string.GetHashCode(account, StringComparison.Ordinal) & (generations.Length - 1);

    /// <summary>Any entry, since a digest's place in the table depends on nothing but itself.</summary>
    private void Forget(int count)
    {
        foreach (var (digest, _) in entries)
        {
            if (count-- <= 0)
            {
                return;
            }

            entries.TryRemove(digest, out _);
        }
    }

    /// <summary>A header that was right.</summary>
    /// <param name="Principal">The user whom it signs in.</param>
    /// <param name="CheckedAt">When it was last compared with the account, on the monotonic clock.</param>
    public sealed record Entry(Principal Principal, long CheckedAt);
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Syncto.Storage;

namespace Lockstep.Gateway.Syncto.Opening;

/// <summary>
/// Tokens of storages that lie elsewhere, for a short while, in memory: by a digest of what they were got with, and encrypted under it, so
/// that who reads the memory of the process finds none that is not in use. Safe for concurrent use.
/// </summary>
internal sealed class CredentialsCache(SynctoOptions options, TimeProvider time)
{
    private const int MaxRemembered = 10_000;
    private const int KeyBytes = 32;

    // Of this process alone: nothing of it outlives it.
    private readonly byte[] secret = RandomNumberGenerator.GetBytes(KeyBytes);
    private readonly ConcurrentDictionary<string, Entry> known = new(StringComparer.Ordinal);

    public HawkCredentials? Find(Credentials credentials)
    {
        var (name, key) = Derive(credentials);
        if (!known.TryGetValue(name, out var entry))
        {
            return null;
        }

        if (time.GetElapsedTime(entry.Since) >= entry.Lifetime)
        {
            known.TryRemove(name, out _);
            return null;
        }

        return SealedBytes.Open(key, entry.Sealed) is { } plain && JsonSerializer.Deserialize<string[]>(plain) is [var id, var text, var endpoint] ? new HawkCredentials(id, text, endpoint) : null;
    }

    /// <param name="credentials">What it was got with.</param>
    /// <param name="token">The token.</param>
    /// <param name="lifetime">How long it is taken; it is remembered for no longer than the setting says.</param>
    public void Keep(Credentials credentials, HawkCredentials token, TimeSpan lifetime)
    {
        lifetime = lifetime < options.CredentialsTtl ? lifetime : options.CredentialsTtl;
        if (lifetime <= TimeSpan.Zero)
        {
            return;
        }

        if (known.Count >= MaxRemembered)
        {
            known.Clear();
        }

        var (name, key) = Derive(credentials);
        var plain = JsonSerializer.SerializeToUtf8Bytes(new[] { token.Id, token.Key, token.Endpoint });
        known[name] = new Entry(SealedBytes.Seal(key, plain), time.GetTimestamp(), lifetime);
    }

    /// <summary>It is taken no more.</summary>
    public void Forget(Credentials credentials) => known.TryRemove(Derive(credentials).Name, out _);

    private (string Name, byte[] Key) Derive(Credentials credentials)
    {
        var text = Encoding.UTF8.GetBytes($"{credentials.KeyId}\n{credentials.ClientState}\n{credentials.Token}");
        var derived = HKDF.DeriveKey(HashAlgorithmName.SHA256, text, 2 * KeyBytes, secret, "syncto credentials"u8.ToArray());
        return (Convert.ToHexString(derived.AsSpan(0, KeyBytes)), derived[KeyBytes..]);
    }

    private sealed record Entry(byte[] Sealed, long Since, TimeSpan Lifetime);
}

using System.Security.Cryptography;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.FirefoxAccounts.Secrets;

namespace Lockstep.Gateway.FirefoxAccounts.OAuth;

/// <summary>
/// The keys that sign access tokens, shared by all servers of a database. When the newest key is old enough, a new one is made. It is published for an hour
/// before it signs, so that verifiers have read it. The key before it stays published for a day after that, in which all tokens that it signed end, and is
/// then removed. Safe for concurrent use.
/// </summary>
internal sealed class SigningKeys(IKeyedAccountStore store, AccountKey key, FirefoxAccountOptions options, TimeProvider time) : IDisposable
{
    private const int KeyBits = 2048;
    private static readonly TimeSpan Notice = TimeSpan.FromHours(1);
    private static readonly TimeSpan Afterwards = TimeSpan.FromDays(1);
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim reading = new(1);
    private volatile Known? known;

    /// <summary>The key that signs now.</summary>
    public async ValueTask<SigningKey> CurrentAsync(CancellationToken cancellationToken)
    {
        var keys = await AllAsync(cancellationToken);
        var noticed = ServerTimestamp.Now(time).Milliseconds - (long)Notice.TotalMilliseconds;
        return keys.FirstOrDefault(one => one.Created <= noticed) ?? keys[^1];
    }

    /// <summary>All published keys, the newest first; at least one.</summary>
    /// <exception cref="InvalidDataException">The keys were made under another key of the server.</exception>
    public async ValueTask<IReadOnlyList<SigningKey>> AllAsync(CancellationToken cancellationToken)
    {
        if (known is { } current && time.GetElapsedTime(current.Read) < Fresh)
        {
            return current.Keys;
        }

        await reading.WaitAsync(cancellationToken);
        try
        {
            if (known is { } other && time.GetElapsedTime(other.Read) < Fresh)
            {
                return other.Keys;
            }

            var keys = await ReadAsync(cancellationToken);
            known = new Known(keys, time.GetTimestamp());
            return keys;
        }
        finally
        {
            reading.Release();
        }
    }

    /// <summary>Whether a database's keys were made under this key of the server. True if there are none.</summary>
    public static bool IsKeyOf(AccountKey key, IReadOnlyList<ServerKey> stored) => stored.Count == 0 || key.Open(Purpose(stored[0].Id), stored[0].Sealed) is not null;

    public void Dispose() => reading.Dispose();

    private static string Purpose(string id) => "signing key " + id;

    private async ValueTask<IReadOnlyList<SigningKey>> ReadAsync(CancellationToken cancellationToken)
    {
        var now = ServerTimestamp.Now(time);
        var stored = await store.ListServerKeysAsync(cancellationToken);
        while (stored.Count == 0 || now.Milliseconds - stored[0].Created.Milliseconds >= (long)options.SigningKeyLifetime.TotalMilliseconds)
        {
            var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
            using var made = RSA.Create(KeyBits);
            await store.AddServerKeyAsync(new ServerKey(id, now, key.Seal(Purpose(id), made.ExportPkcs8PrivateKey())), stored.Count == 0 ? null : stored[0].Id, cancellationToken);
            stored = await store.ListServerKeysAsync(cancellationToken);
        }

        var retired = now.Milliseconds - (long)(Notice + Afterwards).TotalMilliseconds;
        var kept = stored.TakeWhile((_, i) => i == 0 || stored[i - 1].Created.Milliseconds > retired).ToList();
        foreach (var old in stored.Skip(kept.Count))
        {
            await store.RemoveServerKeyAsync(old.Id, cancellationToken);
        }

        return [.. kept.Select(Open)];
    }

    private SigningKey Open(ServerKey stored)
    {
        if (known?.Keys.FirstOrDefault(one => string.Equals(one.Id, stored.Id, StringComparison.Ordinal)) is { } same)
        {
            return same;
        }

        var bytes = key.Open(Purpose(stored.Id), stored.Sealed) ?? throw new InvalidDataException("The database's signing keys were made under another key than FirefoxAccounts:KeyFile or FirefoxAccounts:Key.");
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(bytes, out _);
        return new SigningKey(stored.Id, stored.Created.Milliseconds, rsa);
    }

    private sealed record Known(IReadOnlyList<SigningKey> Keys, long Read);
}

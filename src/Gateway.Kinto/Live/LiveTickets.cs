using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>
/// Tickets that open one stream, for browsers' <c>EventSource</c>, which sends no credentials: it has them in its URL. A ticket says who it was given to, encrypted and authenticated by a key
/// that all servers of one database have (AES-256-GCM), so that every gateway takes it and nothing of it is stored. It is good for a short time, and each gateway takes it once: so somebody who
/// sees it in time can use it at another gateway.
/// </summary>
internal sealed class LiveTickets(AccountSecret secret, AccountDirectory accounts, KintoOptions options, TimeProvider time)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int MaxLength = 4096;
    private const int SweptAt = 1_000;

    private readonly byte[] key = HMACSHA256.HashData(secret.Value.Span, "tickets for streams of changes"u8);

    // Until when each that was taken would have been good, in milliseconds.
    private readonly ConcurrentDictionary<string, long> taken = new(StringComparer.Ordinal);

    public KintoPlan Give(KintoRequest request) => Give(request.Principal!);

    /// <returns>Null for one that is not, or no longer, good.</returns>
    public async ValueTask<Principal?> TakeAsync(string text, CancellationToken cancellationToken)
    {
        if (Open(text) is not var (nonce, plain))
        {
            return null;
        }

        using var document = JsonText.Parse(plain);
        var ticket = document.RootElement;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var expires = ticket.GetProperty("e").GetInt64();
        if (expires <= now || !taken.TryAdd(nonce, expires))
        {
            return null;
        }

        if (taken.Count > SweptAt)
        {
            foreach (var (other, over) in taken)
            {
                if (over <= now)
                {
                    taken.TryRemove(KeyValuePair.Create(other, over));
                }
            }
        }

        var (account, number) = (ticket.GetProperty("a").GetString()!, ticket.GetProperty("n").GetInt64());
        return number == 0
            ? new Principal(ticket.GetProperty("p").GetString()!, account, ticket.GetProperty("b").GetString()!)
            : await accounts.FindByNameAsync(account, cancellationToken) is { } found && found.Number == number ? accounts.DelegateOf(found) : null;
    }

    /// <summary>Whether somebody who came with a ticket still has their account. What a provider says of those without one is not asked again.</summary>
    public async ValueTask<bool> IsThereAsync(Principal principal, CancellationToken cancellationToken) =>
        principal.Ref.Number == 0 || (await accounts.FindByNameAsync(principal.Account, cancellationToken) is { } found && found.Number == principal.Ref.Number);

    private KintoResponse Give(Principal principal)
    {
        var expires = ServerTimestamp.Now(time).Plus((long)options.Live.TicketTime.TotalMilliseconds);
        var plain = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(plain))
        {
            json.WriteStartObject();
            json.WriteNumber("e", expires.Milliseconds);
            json.WriteString("p", principal.Id);
            json.WriteString("a", principal.Account);
            json.WriteString("b", principal.DefaultBucket);
            json.WriteNumber("n", principal.Ref.Number);
            json.WriteEndObject();
        }

        var ticket = Close(plain.WrittenSpan);
        return new KintoResponse(201)
        {
            Body = output =>
            {
                using var json = new Utf8JsonWriter(output);
                json.WriteStartObject();
                json.WriteString("ticket", ticket);
                json.WriteNumber("expires", expires.Milliseconds);
                json.WriteEndObject();
            },
        };
    }

    private string Close(ReadOnlySpan<byte> plain)
    {
        var closed = new byte[NonceBytes + plain.Length + TagBytes];
        RandomNumberGenerator.Fill(closed.AsSpan(0, NonceBytes));
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(closed.AsSpan(0, NonceBytes), plain, closed.AsSpan(NonceBytes, plain.Length), closed.AsSpan(NonceBytes + plain.Length));
        return Base64Url.EncodeToString(closed);
    }

    private (string Nonce, byte[] Plain)? Open(string text)
    {
        if (text.Length > MaxLength || !Base64Url.IsValid(text))
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length < NonceBytes + TagBytes)
        {
            return null;
        }

        var plain = new byte[bytes.Length - NonceBytes - TagBytes];
        try
        {
            using var cipher = new AesGcm(key, TagBytes);
            cipher.Decrypt(bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes, plain.Length), bytes.AsSpan(NonceBytes + plain.Length), plain);
            return (Convert.ToHexString(bytes, 0, NonceBytes), plain);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}

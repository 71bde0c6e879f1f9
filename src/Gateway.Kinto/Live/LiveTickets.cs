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
    private const int MaxLength = 4096;
    private const int SweptAt = 1_000;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly byte[] key = HMACSHA256.HashData(secret.Value.Span, "tickets for streams of changes"u8);

    // Until when each that was taken would have been good, in milliseconds.
    private readonly ConcurrentDictionary<string, long> taken = new(StringComparer.Ordinal);
    private long swept = time.GetTimestamp();

    public KintoPlan Give(KintoRequest request) => Give(request.Principal!);

    /// <summary>Who comes with a ticket. It is taken when their stream begins: one that is refused leaves it good.</summary>
    /// <returns>Null for one that is not, or no longer, good.</returns>
    public async ValueTask<Principal?> FindAsync(string text, CancellationToken cancellationToken)
    {
        if (Open(text) is not var (nonce, plain) || taken.ContainsKey(nonce))
        {
            return null;
        }

        using var document = JsonText.Parse(plain);
        return ExpiresOf(document.RootElement) > time.GetUtcNow().ToUnixTimeMilliseconds() ? await HolderAsync(document.RootElement, cancellationToken) : null;
    }

    /// <summary>Whether a stream may begin: it came with credentials, or with a ticket that nobody has taken, and that is taken now.</summary>
    public bool TryTake(KintoRequest request)
    {
        if (request.Principal is null || request.Header("Authorization") is { Length: > 0 })
        {
            return true;
        }

        if (TextOf(request) is not { } text || Open(text) is not var (nonce, plain))
        {
            return false;
        }

        using var document = JsonText.Parse(plain);
        var (now, expires) = (time.GetUtcNow().ToUnixTimeMilliseconds(), ExpiresOf(document.RootElement));
        if (expires <= now || !taken.TryAdd(nonce, expires))
        {
            return false;
        }

        SweepIfDue(now);
        return true;
    }

    /// <summary>Whether somebody who came with a ticket still has their account, and the password with which they got it. What a provider says of those without one is not asked again.</summary>
    public async ValueTask<bool> IsGoodAsync(KintoRequest request, CancellationToken cancellationToken)
    {
        if (TextOf(request) is not { } text || Open(text) is not var (_, plain))
        {
            return false;
        }

        using var document = JsonText.Parse(plain);
        return await HolderAsync(document.RootElement, cancellationToken) is not null;
    }

    private static string? TextOf(KintoRequest request) => request.Query.TryGetOnly(LivePlans.Ticket, out var text) ? text : null;

    private static long ExpiresOf(JsonElement ticket) => ticket.GetProperty("e").GetInt64();

    /// <returns>Null when they are not there any more, are disabled, or have another password.</returns>
    private async ValueTask<Principal?> HolderAsync(JsonElement ticket, CancellationToken cancellationToken)
    {
        var (account, number) = (ticket.GetProperty("a").GetString()!, ticket.GetProperty("n").GetInt64());
        if (number == 0)
        {
            return new Principal(ticket.GetProperty("p").GetString()!, account, ticket.GetProperty("b").GetString()!);
        }

        // Who came without the account's password, as an application does, is bound to the account alone.
        return await accounts.FindByNameAsync(account, cancellationToken) is { IsDisabled: false } found && found.Number == number
            && (ticket.GetProperty("h").GetString() is not { } mark || string.Equals(mark, accounts.PasswordMarkOf(found), StringComparison.Ordinal))
            ? accounts.DelegateOf(found)
            : null;
    }

    private void SweepIfDue(long now)
    {
        var last = Volatile.Read(ref swept);
        if (time.GetElapsedTime(last) < SweepInterval || taken.Count <= SweptAt || Interlocked.CompareExchange(ref swept, time.GetTimestamp(), last) != last)
        {
            return;
        }

        foreach (var (other, over) in taken)
        {
            if (over <= now)
            {
                taken.TryRemove(KeyValuePair.Create(other, over));
            }
        }
    }

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
            json.WriteString("h", accounts.PasswordMarkOf(principal));
            json.WriteEndObject();
        }

        var ticket = Base64Url.EncodeToString(SealedBytes.Seal(key, plain.WrittenSpan));
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

    private (string Nonce, byte[] Plain)? Open(string text)
    {
        if (text.Length > MaxLength || !Base64Url.IsValid(text))
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(text);
        return SealedBytes.Open(key, bytes) is { } plain ? (Convert.ToHexString(bytes, 0, SealedBytes.NonceBytes), plain) : null;
    }
}

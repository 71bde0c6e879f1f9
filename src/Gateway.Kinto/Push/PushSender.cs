using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Push;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>Sends notices to push services (RFC 8030). A notice says what has changed and up to which stamp, and nothing of the data.</summary>
internal sealed class PushSender : IDisposable
{
    // RFC 8292, 2: at most 24 hours. Clocks differ.
    private static readonly TimeSpan TokenTime = TimeSpan.FromHours(12);

    // RFC 8030, 5.4: at most 32 characters of base64url.
    private const int TopicBytes = 24;

    private readonly HttpClient http;
    private readonly VapidKey key;
    private readonly PushOptions options;
    private readonly TimeProvider time;

    /// <param name="handler">What connects. It is disposed of with this.</param>
    /// <param name="key">Signs.</param>
    /// <param name="options">Settings.</param>
    /// <param name="time">The clock.</param>
    public PushSender(HttpMessageHandler handler, VapidKey key, PushOptions options, TimeProvider time)
    {
        (this.key, this.options, this.time) = (key, options, time);
        http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <param name="subscription">Whom to wake.</param>
    /// <param name="stamp">Up to where what it is about has changed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<PushResult> SendAsync(PushSubscription subscription, ServerTimestamp stamp, CancellationToken cancellationToken)
    {
        if (PushEndpoint.Parse(subscription.Endpoint, options) is not { } endpoint)
        {
            return new PushResult(PushStatus.Gone, Reason: "its host is none of Kinto:Push:Hosts any more");
        }

        using var late = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        using var request = Request(endpoint, subscription, stamp);
        try
        {
            // Nothing but status and headers is read.
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return Result(response);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new PushResult(PushStatus.Later, Reason: $"{endpoint.Host} did not answer: {e.GetBaseException().Message}");
        }
    }

    public void Dispose() => http.Dispose();

    private HttpRequestMessage Request(Uri endpoint, PushSubscription subscription, ServerTimestamp stamp)
    {
        using var pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var content = new ByteArrayContent(PushEncryption.Encrypt(
            Message(subscription, stamp), Base64Url.DecodeFromChars(subscription.PublicKey), Base64Url.DecodeFromChars(subscription.AuthSecret), pair,
            RandomNumberGenerator.GetBytes(PushEncryption.SaltBytes)));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        content.Headers.ContentEncoding.Add("aes128gcm");
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = content, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        request.Headers.TryAddWithoutValidation("Authorization", key.Authorization(endpoint, options.Subject!, time.GetUtcNow() + TokenTime));
        request.Headers.TryAddWithoutValidation("TTL", ((long)options.TimeToLive.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation("Urgency", "normal");
        request.Headers.TryAddWithoutValidation("Topic", Topic(subscription));
        return request;
    }

    /// <summary>A notice that the device has not got yet is replaced by the next one of the same subscription.</summary>
    private static string Topic(PushSubscription subscription) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($"{subscription.Owner} {subscription.Id}")).AsSpan(0, TopicBytes));

    private static ReadOnlySpan<byte> Message(PushSubscription subscription, ServerTimestamp stamp)
    {
        var message = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(message))
        {
            json.WriteStartObject();
            json.WriteString("id", subscription.Id);
            json.WriteString("path", subscription.Path);
            json.WriteNumber("last_modified", stamp.Milliseconds);
            json.WriteEndObject();
        }

        return message.WrittenSpan;
    }

    private PushResult Result(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        return status switch
        {
            >= 200 and < 300 => new PushResult(PushStatus.Taken),
            404 or 410 => new PushResult(PushStatus.Gone),
            429 or >= 500 => new PushResult(PushStatus.Later, RetryAfter(response.Headers.RetryAfter), Said()),
            _ => new PushResult(PushStatus.Refused, Reason: Said()),
        };

        string Said() => $"{response.RequestMessage?.RequestUri?.Host} answered {status}";
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) => header?.Delta ?? (header?.Date is { } date ? date - time.GetUtcNow() : null);
}

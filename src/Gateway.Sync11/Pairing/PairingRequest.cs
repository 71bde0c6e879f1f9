using Lockstep.Core.Pairing;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync11.Pairing;

/// <summary>A request, and how Easy Setup reads it.</summary>
internal sealed class PairingRequest(ProtocolRequest inner)
{
    private const int DeviceLength = 256;

    /// <summary>The channel that the path names.</summary>
    public string Channel => inner.Values["channel"];

    /// <summary>The name that the device gives itself, 256 characters; empty if it gives none, or one of another length.</summary>
    public string Device => Header("X-KeyExchange-Id") is { Length: DeviceLength } id ? id : "";

    /// <summary>The channel that a report ends; null for none.</summary>
    public string? ReportedChannel => Header("X-KeyExchange-Cid");

    /// <summary>The client's reason why a pairing has failed; empty for none.</summary>
    public string Report => Header("X-KeyExchange-Log") ?? "";

    /// <summary>The client's address in the form in which attempts are counted.</summary>
    public string Address => ClientAddress.Of(inner.Http.Connection.RemoteIpAddress);

    /// <summary>The body. Its memory is reused once the request is answered.</summary>
    public ReadOnlyMemory<byte> Body => inner.Body;

    /// <summary>The tags of <c>If-Match</c>; null without the header.</summary>
    public IReadOnlyList<string>? Match => Tags("If-Match");

    /// <summary>The tags of <c>If-None-Match</c>; null without the header.</summary>
    public IReadOnlyList<string>? NoneMatch => Tags("If-None-Match");

    /// <summary>A proxy that compresses answers makes their tags weak, and clients send them back like that.</summary>
    private IReadOnlyList<string>? Tags(string name) =>
        Header(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(static tag => tag is PairingReply.AnyTag ? tag : (tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag).Trim('"')).ToList();

    private string? Header(string name) => inner.Http.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;
}

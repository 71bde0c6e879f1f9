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

    /// <summary>What the device calls itself, 256 characters; empty where it says nothing, or something else.</summary>
    public string Device => Header("X-KeyExchange-Id") is { Length: DeviceLength } id ? id : "";

    /// <summary>The channel that a report ends; null for none.</summary>
    public string? ReportedChannel => Header("X-KeyExchange-Cid");

    /// <summary>Why a pairing has failed, as the client says it; empty for nothing.</summary>
    public string Report => Header("X-KeyExchange-Log") ?? "";

    /// <summary>Where it comes from, as attempts are counted.</summary>
    public string Address => ClientAddress.Of(inner.Http.Connection.RemoteIpAddress);

    /// <summary>The body. Its memory is used again once the request is answered.</summary>
    public ReadOnlyMemory<byte> Body => inner.Body;

    /// <summary>The tags of <c>If-Match</c>; null without the header.</summary>
    public IReadOnlyList<string>? Match => Tags("If-Match");

    /// <summary>The tags of <c>If-None-Match</c>; null without the header.</summary>
    public IReadOnlyList<string>? NoneMatch => Tags("If-None-Match");

    /// <summary>A proxy that compresses answers makes tags weak on their way, and clients send them back so.</summary>
    private IReadOnlyList<string>? Tags(string name) =>
        Header(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(static tag => tag is PairingReply.AnyTag ? tag : (tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag).Trim('"')).ToList();

    private string? Header(string name) => inner.Http.Request.Headers.TryGetValue(name, out var value) ? value.ToString() : null;
}

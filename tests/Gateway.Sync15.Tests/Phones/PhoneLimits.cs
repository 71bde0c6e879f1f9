using System.Text.Json;

namespace Lockstep.Gateway.Sync15.Tests.Phones;

/// <summary>What <c>info/configuration</c> allows. Without one the smallest payload is assumed, and no other limit.</summary>
internal sealed record PhoneLimits
{
    public long MaxRecordPayloadBytes { get; private init; } = 256 << 10;

    public long MaxRequestBytes { get; private init; } = long.MaxValue;

    public long MaxPostBytes { get; private init; } = long.MaxValue;

    public long MaxPostRecords { get; private init; } = long.MaxValue;

    public long MaxTotalBytes { get; private init; } = long.MaxValue;

    public long MaxTotalRecords { get; private init; } = long.MaxValue;

    public static PhoneLimits Read(JsonElement configuration)
    {
        var none = new PhoneLimits();
        long Of(string name, long otherwise) => configuration.TryGetProperty(name, out var value) ? value.GetInt64() : otherwise;
        return new PhoneLimits
        {
            MaxRecordPayloadBytes = Of("max_record_payload_bytes", none.MaxRecordPayloadBytes),
            MaxRequestBytes = Of("max_request_bytes", none.MaxRequestBytes),
            MaxPostBytes = Of("max_post_bytes", none.MaxPostBytes),
            MaxPostRecords = Of("max_post_records", none.MaxPostRecords),
            MaxTotalBytes = Of("max_total_bytes", none.MaxTotalBytes),
            MaxTotalRecords = Of("max_total_records", none.MaxTotalRecords),
        };
    }
}

using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Sync15;

/// <summary>Settings of the storage of Firefox Sync 1.5.</summary>
public sealed record Sync15Options
{
    /// <summary>
    /// Secrets that tokens are signed with, separated by commas: the first one signs, all are taken. Whoever has one can read and
    /// write everybody's data. Each has 32 characters at least. Default: none, and Sync is not served.
    /// </summary>
    public string TokenSecrets { get; init; } = "";

    /// <summary>Bytes of one record's payload. Default: 2,621,440.</summary>
    [Bounds(1)]
    public int MaxRecordPayloadBytes { get; init; } = 2_621_440;

    /// <summary>Records of a POST. Default: 100.</summary>
    [Bounds(1)]
    public int MaxPostRecords { get; init; } = 100;

    /// <summary>Bytes of all payloads of a POST. Default: 2,621,440.</summary>
    [Bounds(1)]
    public int MaxPostBytes { get; init; } = 2_621_440;

    /// <summary>Bytes of a request's body, also bounded by <c>Http:MaxRequestBytes</c>. Default: 2,625,536.</summary>
    [Bounds(1)]
    public int MaxRequestBytes { get; init; } = 2_625_536;

    /// <summary>Records of a batch. Default: 10,000.</summary>
    [Bounds(1)]
    public int MaxTotalRecords { get; init; } = 10_000;

    /// <summary>Bytes of all payloads of a batch, which are held in memory when it is committed. Default: 32 MiB.</summary>
    [Bounds(1)]
    public long MaxTotalBytes { get; init; } = 32L << 20;

    /// <summary>Bytes of payloads that a user may store; 0 for no limit. Default: 2,097,152,000.</summary>
    [Bounds(0)]
    public long QuotaBytes { get; init; } = 2_097_152_000;

    /// <summary>Whether Sync is served.</summary>
    public bool IsOn => TokenSecrets.Length > 0;

    /// <summary>The secrets, the one that signs first.</summary>
    public IReadOnlyList<string> Secrets() => TokenSecrets.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

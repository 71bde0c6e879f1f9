using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Syncto.Storage;

/// <summary>What a storage of Sync answers.</summary>
/// <param name="Status">Of Sync 1.5: 200 where it was done. 0 where nobody answered.</param>
internal sealed record StorageReply(int Status)
{
    public static StorageReply Unavailable { get; } = new(503);

    /// <summary>Nobody answered.</summary>
    public static StorageReply Nothing { get; } = new(0);

    /// <summary><c>X-Last-Modified</c>; null where it was not said.</summary>
    public ServerTimestamp? Stamp { get; init; }

    /// <summary>Those that were asked for; or the one, after a change too if it was asked for.</summary>
    public IReadOnlyList<StoredRecord> Records { get; init; } = [];

    /// <summary>The collections, where those were asked for.</summary>
    public IReadOnlyList<ListSummary> Collections { get; init; } = [];

    /// <summary>Where the next page begins; null on the last one.</summary>
    public string? Next { get; init; }

    /// <summary>Records on all pages; null where it was not said.</summary>
    public long? Total { get; init; }

    /// <summary>The record as it is, where a condition about it did not hold; null where there is none.</summary>
    public StoredRecord? Existing { get; init; }

    /// <summary>What it says of an error.</summary>
    public string Text { get; init; } = "0";

    /// <summary>Kilobytes that the user may still store; null where that was not said.</summary>
    public string? QuotaRemaining { get; init; }

    /// <summary>JSON, or text for people; null for none.</summary>
    public string? Alert { get; init; }

    /// <summary>Seconds after which to ask again; 0 for any time.</summary>
    public int Backoff { get; init; }

    /// <summary>Bytes of stored data in it.</summary>
    public long Size { get; init; }
}

namespace Lockstep.Interchange;

/// <summary>What a file has, as its last line says.</summary>
public sealed record ExportCounts
{
    public long Accounts { get; init; }

    /// <summary>Users' Sync storages on this server.</summary>
    public long Stores { get; init; }

    public long Quotas { get; init; }

    /// <summary>Including deleted ones, of which only the clock is left.</summary>
    public long Buckets { get; init; }

    /// <summary>Rows of all lists, including tombstones.</summary>
    public long Records { get; init; }

    public long Files { get; init; }
}

using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Kinto.History;

/// <summary>Settings of the history of Kinto's buckets. The owners' <see cref="Core.History.HistoryOptions"/> say how much of it is kept.</summary>
public sealed record KintoHistoryOptions
{
    /// <summary>
    /// Whether each change is kept, with its user and the record's earlier state. A write then stores about three times as much. Default:
    /// false; the resources do not exist then.
    /// </summary>
    public bool Enabled { get; init; }

    /// <summary>
    /// Whether history is kept for buckets that do not choose. A bucket or a collection chooses by the member <c>history</c> of its data, true or
    /// false. Default: true.
    /// </summary>
    public bool ByDefault { get; init; } = true;

    /// <summary>
    /// Whether buckets and collections may choose. Where they may not, the member has no meaning, and <see cref="ByDefault"/>
    /// decides for all. Default: true.
    /// </summary>
    public bool MayBeSwitched { get; init; } = true;

    /// <summary>
    /// Paths of buckets, collections, groups or records whose changes are not kept, including everything in them, separated by commas:
    /// <c>/buckets/log, /buckets/team/collections/drafts</c>. Default: none.
    /// </summary>
    public string ExcludedResources { get; init; } = "";

    /// <summary>Principals whose changes are not kept, separated by commas: <c>account:importer</c>. Default: none.</summary>
    public string ExcludedUsers { get; init; } = "";

    /// <summary>
    /// Records that are restored in one turn, which is atomic; fewer where they are long, or where their entries name very many readers. Default: 100.
    /// </summary>
    [Bounds(1, 1_000)]
    public int RestoredAtOnce { get; init; } = 100;
}

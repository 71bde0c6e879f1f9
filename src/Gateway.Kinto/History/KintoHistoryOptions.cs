using Lockstep.Core.Settings;

namespace Lockstep.Gateway.Kinto.History;

/// <summary>Settings of the history of Kinto's buckets. How much of it is kept is one of the owners': <see cref="Core.History.HistoryOptions"/>.</summary>
public sealed record KintoHistoryOptions
{
    /// <summary>
    /// Whether each change is kept with who made it, and what records were before. A write then stores about three times as much. Default:
    /// false; the resources are not there then.
    /// </summary>
    public bool Enabled { get; init; }

    /// <summary>
    /// Whether the history of buckets is kept that say nothing of it. One says so by the member <c>history</c> of its data, true or false, and so
    /// does a collection. Default: true.
    /// </summary>
    public bool ByDefault { get; init; } = true;

    /// <summary>
    /// Whether they may say so. Where they may not, that member is one like others, and the history of all is kept or of none, by
    /// <see cref="ByDefault"/>. Default: true.
    /// </summary>
    public bool MayBeSwitched { get; init; } = true;

    /// <summary>
    /// Paths of buckets, collections, groups or records whose changes are not kept, with what lies in them, divided by commas:
    /// <c>/buckets/log, /buckets/team/collections/drafts</c>. Default: none.
    /// </summary>
    public string ExcludedResources { get; init; } = "";

    /// <summary>Principals whose changes are not kept, divided by commas: <c>account:importer</c>. Default: none.</summary>
    public string ExcludedUsers { get; init; } = "";

    /// <summary>
    /// Records that are restored in one turn, which is atomic in itself; fewer where they are long, or where their entries name very many. Default: 100.
    /// </summary>
    [Bounds(1, 1_000)]
    public int RestoredAtOnce { get; init; } = 100;
}

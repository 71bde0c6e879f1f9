namespace Lockstep.Import.Kinto;

/// <summary>How many objects the import has dealt with so far, and how.</summary>
public sealed class KintoTally
{
    // If very many objects have faults, only the first are noted.
    private const int MaxNotes = 1_000;

    private readonly List<string> notes = [];

    public KintoCount Accounts { get; } = new();

    public KintoCount Buckets { get; } = new();

    public KintoCount Collections { get; } = new();

    public KintoCount Groups { get; } = new();

    public KintoCount Records { get; } = new();

    /// <summary>Tombstones of collections, groups and records.</summary>
    public KintoCount Tombstones { get; } = new();

    /// <summary>Buckets that were here before with fewer records than would be imported. <see cref="Notes"/> name them.</summary>
    public long BucketsShort { get; internal set; }

    /// <summary>Rights, and members of groups, that name nobody here, or that default buckets cannot give.</summary>
    public long RightsDropped { get; internal set; }

    /// <summary>Rows stored by the current run, for progress.</summary>
    public long Stored { get; internal set; }

    /// <summary>A line for each problem.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <summary>Whether nothing was left out, except objects of nobody, and buckets that were here before with as many records.</summary>
    public bool IsWhole => BucketsShort == 0 && RightsDropped == 0 && All.All(static count => count.Count.Refused == 0);

    /// <summary>Whether each object is counted exactly once.</summary>
    public bool IsEven => All.All(static count => count.Count.IsEven);

    /// <summary>The counts, with their names.</summary>
    public IReadOnlyList<(string Name, KintoCount Count)> All =>
        [("Accounts", Accounts), ("Buckets", Buckets), ("Collections", Collections), ("Groups", Groups), ("Records", Records), ("Tombstones", Tombstones)];

    internal void Note(string line)
    {
        if (notes.Count < MaxNotes)
        {
            notes.Add(line);
        }
        else if (notes.Count == MaxNotes)
        {
            notes.Add("… and more.");
        }
    }
}

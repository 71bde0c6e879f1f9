namespace Lockstep.Import.Kinto;

/// <summary>What has become of all that there is so far.</summary>
public sealed class KintoTally
{
    // What goes wrong with very many is said of the first.
    private const int MaxNotes = 1_000;

    private readonly List<string> notes = [];

    public KintoCount Accounts { get; } = new();

    public KintoCount Buckets { get; } = new();

    public KintoCount Collections { get; } = new();

    public KintoCount Groups { get; } = new();

    public KintoCount Records { get; } = new();

    /// <summary>Tombstones of collections, groups and records.</summary>
    public KintoCount Tombstones { get; } = new();

    /// <summary>Buckets that were here before with fewer records than would come; <see cref="Notes"/> say which.</summary>
    public long BucketsShort { get; internal set; }

    /// <summary>Rights, and members of groups, that name nobody here, or that default buckets cannot give.</summary>
    public long RightsDropped { get; internal set; }

    /// <summary>Rows that the current run has stored, for progress.</summary>
    public long Stored { get; internal set; }

    /// <summary>A line for each thing with which not all went well.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <summary>Whether nothing is left behind but what is nobody's, and what was here before with as many records.</summary>
    public bool IsWhole => BucketsShort == 0 && RightsDropped == 0 && All.All(static count => count.Count.Refused == 0);

    /// <summary>Whether all that there are have been counted in one place.</summary>
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

namespace Lockstep.Cluster.Chaos.Histories;

/// <summary>What a register holds.</summary>
/// <param name="Stamp">Its <c>last_modified</c>; 0 where it is not known, or where nothing is there.</param>
/// <param name="Content">What was written, different in each write; null where nothing is there.</param>
internal readonly record struct RegisterValue(long Stamp, string? Content)
{
    public static RegisterValue Absent => default;

    public override string ToString() => Content is null ? "nothing" : $"{Content}@{Stamp}";
}

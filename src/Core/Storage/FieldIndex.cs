namespace Lockstep.Core.Storage;

/// <summary>An index of a list's live records by one field of their data. It finds records; what they say decides.</summary>
/// <param name="Key">Of its rows. Of the same numbers as <see cref="ListHead.Key"/>, each given once in a bucket: an index that is made anew has another one.</param>
/// <param name="Path">The field, nested by dots.</param>
public sealed record FieldIndex(int Key, string Path)
{
    /// <summary>Whether all records are in it; else those that were written since it was declared, and the others as far as <see cref="BuiltTo"/>.</summary>
    public bool IsWhole { get; init; }

    /// <summary>The last record that was put into it in the order of ids; empty for none.</summary>
    public string BuiltTo { get; init; } = "";

    /// <summary>Records that were put into it so far, while it is being built.</summary>
    public long Built { get; init; }

    /// <summary>
    /// Whether each write to the list since it was declared was written to it too. A program that knows no indexes writes to the list alone; then it is to be
    /// made anew.
    /// </summary>
    public bool IsInStep { get; init; } = true;

    /// <summary>Whether it has what the list has.</summary>
    public bool IsUsable => IsWhole && IsInStep;
}

namespace Lockstep.Core.Storage;

/// <summary>An index of a list's live records by one field of their data. It finds records; their data decides.</summary>
/// <param name="Key">The key of its rows. It comes from the same numbers as <see cref="ListHead.Key"/>, each used once in a bucket: a rebuilt index has another one.</param>
/// <param name="Path">The field, nested with dots.</param>
public sealed record FieldIndex(int Key, string Path)
{
    /// <summary>Whether it has all records. If not, it has those written since it was declared, and the others up to <see cref="BuiltTo"/>.</summary>
    public bool IsWhole { get; init; }

    /// <summary>The last record added to it in the order of ids; empty for none.</summary>
    public string BuiltTo { get; init; } = "";

    /// <summary>Records added to it so far, while it is being built.</summary>
    public long Built { get; init; }

    /// <summary>
    /// Whether each write to the list since the index was declared also updated the index. A program that knows no indexes writes only to the list; the index then has to be
    /// rebuilt.
    /// </summary>
    public bool IsInStep { get; init; } = true;

    /// <summary>Whether it matches the list.</summary>
    public bool IsUsable => IsWhole && IsInStep;
}

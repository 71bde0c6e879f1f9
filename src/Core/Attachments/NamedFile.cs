namespace Lockstep.Core.Attachments;

/// <summary>What the data of a record says of a file. The default says nothing.</summary>
/// <param name="Member">The JSON value that says it; empty for none.</param>
/// <param name="Id">The file of this server that it names; null for none.</param>
public readonly record struct NamedFile(ReadOnlyMemory<byte> Member, string? Id)
{
    /// <summary>Whether it says anything.</summary>
    public bool IsThere => !Member.IsEmpty;
}

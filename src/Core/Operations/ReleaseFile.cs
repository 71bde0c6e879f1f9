using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>
/// Asks whether a file may be removed, and sees to it that no record can name it from then on. Answered with a count: 1 where it may, 0 where the record names it, or did so in a state that
/// is still known.
/// </summary>
/// <param name="List">The files of the record's collection.</param>
/// <param name="File">The file.</param>
/// <param name="Record">The record that it was uploaded for.</param>
public sealed record ReleaseFile(ListRef List, string File, string Record) : Operation
{
    public override bool IsWrite => true;
}

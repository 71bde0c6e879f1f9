using Lockstep.Core.Records;

namespace Lockstep.Core.Operations;

/// <summary>
/// Asks whether a file may be removed, and makes sure that no record can name it from then on. Answered with a count: 1 if it may be removed, 0 if the record names it, now or in a known
/// earlier state.
/// </summary>
/// <param name="List">The file list of the record's collection.</param>
/// <param name="File">The file.</param>
/// <param name="Record">The record that it was uploaded for.</param>
public sealed record ReleaseFile(ListRef List, string File, string Record) : Operation
{
    public override bool IsWrite => true;
}

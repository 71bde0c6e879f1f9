using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>
/// kinto-attachment: POST of a file. Makes the record, or replaces members of its data, and claims the file that it names from then on, in one commit.
/// </summary>
/// <param name="Target">The record.</param>
/// <param name="Body">Its data, or what is to change of it, the file's name among it.</param>
/// <param name="MaxBytes">Bytes of data that the record may have afterwards.</param>
public sealed record AttachFile(ObjectRef Target, ReadOnlyMemory<byte> Body, int MaxBytes) : Operation
{
    /// <summary>The file that <see cref="Body"/> names, whose content is there. Null: only asks whether there may be one, before it is uploaded; answered with a count of 0.</summary>
    public string? File { get; init; }

    /// <summary>Bytes of the file's content.</summary>
    public long FileBytes { get; init; }

    /// <summary>The last instant at which it may be done: long before files that nobody has claimed are collected.</summary>
    public ServerTimestamp Until { get; init; }

    /// <summary>What it says of who may do what with the record. Default: nothing, and what was said stays.</summary>
    public AccessChange? Access { get; init; }

    public override bool IsWrite => true;

    public override long Size => 256 + Body.Length + (Access?.Size ?? 0);
}

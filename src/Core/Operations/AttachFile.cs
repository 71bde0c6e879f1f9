using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Operations;

/// <summary>Creates a record, or replaces members of its data, and claims the file that it names from then on, in one commit.</summary>
/// <remarks>kinto-attachment: POST of a file.</remarks>
/// <param name="Target">The record.</param>
/// <param name="Body">Its data, or the changes to it, including the file's name.</param>
/// <param name="MaxBytes">The maximal bytes of the record's data afterwards.</param>
public sealed record AttachFile(ObjectRef Target, ReadOnlyMemory<byte> Body, int MaxBytes) : Operation
{
    /// <summary>The file that <see cref="Body"/> names, whose content is stored already. Null to ask only whether a file is allowed, before it is uploaded; answered with a count of 0.</summary>
    public string? File { get; init; }

    /// <summary>Bytes of the file's content.</summary>
    public long FileBytes { get; init; }

    /// <summary>The latest time at which it may be done: long before unclaimed files are removed.</summary>
    public ServerTimestamp Until { get; init; }

    /// <summary>The change of the record's permissions. Default: none.</summary>
    public AccessChange? Access { get; init; }

    public override bool IsWrite => true;

    public override long Size => 256 + Body.Length + (Access?.Size ?? 0);
}

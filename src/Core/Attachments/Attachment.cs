using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Attachments;

/// <summary>A file that was uploaded for a record. Its content never changes: what replaces it is another file.</summary>
/// <param name="Id">Names it; whoever knows it may read it. It cannot be guessed.</param>
/// <param name="Bucket">Where the record lies.</param>
/// <param name="Collection">The record's collection.</param>
/// <param name="Record">The record's id.</param>
/// <param name="Created">When the upload began.</param>
public sealed record Attachment(string Id, BucketId Bucket, string Collection, string Record, ServerTimestamp Created)
{
    /// <summary>What its sender calls it.</summary>
    public required string FileName { get; init; }

    /// <summary>Its media type, as its sender says.</summary>
    public required string MediaType { get; init; }

    /// <summary>Bytes of the content; null while that is not there whole.</summary>
    public long? Size { get; init; }

    /// <summary>SHA-256 of the content in hexadecimal digits; empty while that is not there whole.</summary>
    public string Hash { get; init; } = "";
}

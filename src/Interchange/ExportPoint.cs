using System.Security.Cryptography;

namespace Lockstep.Interchange;

/// <summary>Where an export that was cut off goes on.</summary>
/// <param name="Length">Bytes of the file that count; the rest is cut away.</param>
/// <param name="Counts">What the file has so far.</param>
/// <param name="Hash">The hash so far.</param>
public sealed record ExportPoint(long Length, ExportCounts Counts, IncrementalHash Hash)
{
    internal BucketName Last { get; init; }

    /// <summary>The account that the file is of; null for everything.</summary>
    internal string? Account { get; init; }
}

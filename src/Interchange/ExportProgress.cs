namespace Lockstep.Interchange;

/// <summary>How far an export or import has come.</summary>
/// <param name="Counts">What is done.</param>
/// <param name="Bytes">Bytes of the file that are written or read.</param>
/// <param name="Total">Buckets in all for an export, bytes in all for an import; 0 where that is unknown.</param>
public readonly record struct ExportProgress(ExportCounts Counts, long Bytes, long Total);

namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Files of records outside the database: in a directory, or in an object store.</summary>
/// <param name="Of">Bytes of a file; null if it is not there.</param>
/// <param name="All">Ids of all files; empty if they are not known.</param>
public sealed record FileSizes(Func<string, CancellationToken, ValueTask<long?>> Of, IEnumerable<string> All);

namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Files of records that are outside of the database: in a directory, or in an object store.</summary>
/// <param name="Of">Bytes of a file; null where it is not there.</param>
/// <param name="All">Ids of all that are there; empty where that is not known.</param>
public sealed record FileSizes(Func<string, CancellationToken, ValueTask<long?>> Of, IEnumerable<string> All);

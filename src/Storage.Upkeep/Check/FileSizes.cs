namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Files of records that lie in a directory.</summary>
/// <param name="Of">Bytes of a file; null where it is not there.</param>
/// <param name="All">Ids of all that are there.</param>
public sealed record FileSizes(Func<string, long?> Of, IEnumerable<string> All);

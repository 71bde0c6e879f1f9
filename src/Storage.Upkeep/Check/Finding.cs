namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Something in a database that cannot be right.</summary>
/// <param name="Database">See <see cref="UpkeepDatabase.Name"/>.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Where">The bucket, list, account or file, for people.</param>
/// <param name="Text">What is there, and what should be.</param>
/// <param name="Repair">What became of it.</param>
public sealed record Finding(string Database, FindingKind Kind, string Where, string Text, RepairState Repair);

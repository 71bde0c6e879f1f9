namespace Lockstep.Storage.Upkeep.Check;

/// <summary>A fault in a database.</summary>
/// <param name="Database">See <see cref="UpkeepDatabase.Name"/>.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Where">The bucket, list, account or file, for people.</param>
/// <param name="Text">The state, and what it should be.</param>
/// <param name="Repair">Whether it was or can be repaired.</param>
public sealed record Finding(string Database, FindingKind Kind, string Where, string Text, RepairState Repair);

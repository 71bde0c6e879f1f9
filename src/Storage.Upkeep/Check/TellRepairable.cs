namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Reports a fault in a bucket whose right state follows from other rows, and repairs it if that is asked for.</summary>
/// <param name="bucket">The key of the bucket.</param>
/// <param name="kind">What is wrong.</param>
/// <param name="where">Where, for people.</param>
/// <param name="text">The state, and what it should be.</param>
/// <param name="repair">Repairs it.</param>
internal delegate Task TellRepairable(long bucket, FindingKind kind, string where, string text, Func<Task> repair);

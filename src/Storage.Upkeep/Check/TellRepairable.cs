namespace Lockstep.Storage.Upkeep.Check;

/// <summary>Tells of something in a bucket that follows from other rows, and repairs it if that is asked for.</summary>
/// <param name="bucket">The key of the bucket.</param>
/// <param name="kind">What is wrong.</param>
/// <param name="where">Where, for people.</param>
/// <param name="text">What is there, and what should be.</param>
/// <param name="repair">Repairs it.</param>
internal delegate Task TellRepairable(long bucket, FindingKind kind, string where, string text, Func<Task> repair);

namespace Lockstep.Bench;

/// <summary>Resident bytes around touching many buckets once.</summary>
/// <param name="Count">Buckets.</param>
/// <param name="Took">Touching them all.</param>
/// <param name="Before">Settled, after the start and one sign-in.</param>
/// <param name="Warm">Settled, after a fiftieth of the buckets.</param>
/// <param name="Touched">Right after the last bucket.</param>
/// <param name="Peak">The most so far.</param>
/// <param name="Idle">When the owners have gone.</param>
/// <param name="IdleAfter">When memory last fell, after the last bucket; zero if it did not.</param>
internal sealed record BucketReport(
    int Count, TimeSpan Took, long Before, long Warm, long Touched, long Peak, long Idle, TimeSpan IdleAfter);

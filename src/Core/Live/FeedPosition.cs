namespace Lockstep.Core.Live;

/// <summary>How far a listener has heard of a bucket's changes. The default has heard nothing.</summary>
/// <param name="Epoch">Names the watch. Another watch knows nothing of earlier changes.</param>
/// <param name="Sequence">Rises with each change of that watch.</param>
public readonly record struct FeedPosition(long Epoch, long Sequence);

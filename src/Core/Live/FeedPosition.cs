namespace Lockstep.Core.Live;

/// <summary>Up to where somebody has been told of a bucket's changes. The default is somebody who has been told nothing.</summary>
/// <param name="Epoch">Names the watch that told them. Another one knows nothing of what came before it.</param>
/// <param name="Sequence">Rises with each change of that watch.</param>
public readonly record struct FeedPosition(long Epoch, long Sequence);

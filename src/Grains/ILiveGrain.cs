using Lockstep.Grains.Wire;

namespace Lockstep.Grains;

/// <summary>
/// Tells gateways of changes in one bucket. The key is the bucket's stored id, so the grain is placed where the bucket's owner is. It is a separate grain, because a waiting call
/// would keep the owner from leaving and from moving.
/// </summary>
[Alias("lockstep.live")]
public interface ILiveGrain : IGrainWithStringKey
{
    /// <summary>Waits for a change after a position, for half a minute at most; see <see cref="Core.Live.ILiveFeed"/>.</summary>
    /// <param name="epoch">The epoch of the position; 0 for none.</param>
    /// <param name="sequence">The sequence number of the position.</param>
    [Alias("next"), ResponseTimeout("00:00:45")]
    Task<ChangeNoticeWire> NextAsync(long epoch, long sequence);
}

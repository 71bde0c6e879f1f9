using Lockstep.Grains.Wire;

namespace Lockstep.Grains;

/// <summary>
/// Tells gateways what happens in one bucket. The key is the bucket's stored id, so that it is placed where the bucket's owner is; it is a grain of its own, since a call that waits
/// would keep the owner from leaving and from moving.
/// </summary>
[Alias("lockstep.live")]
public interface ILiveGrain : IGrainWithStringKey
{
    /// <summary>Waits for a change after a position, for half a minute at most; see <see cref="Core.Live.ILiveFeed"/>.</summary>
    /// <param name="epoch">Of the position; 0 for none.</param>
    /// <param name="sequence">Of the position.</param>
    [Alias("next"), ResponseTimeout("00:00:45")]
    Task<ChangeNoticeWire> NextAsync(long epoch, long sequence);
}

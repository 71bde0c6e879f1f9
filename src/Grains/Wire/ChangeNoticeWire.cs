using Lockstep.Core.Live;
using Lockstep.Core.Time;

namespace Lockstep.Grains.Wire;

/// <summary>A <see cref="ChangeNotice"/> between processes.</summary>
[GenerateSerializer, Alias("lockstep.change-notice"), Immutable]
public sealed class ChangeNoticeWire
{
    [Id(0)]
    public long Epoch { get; init; }

    [Id(1)]
    public long Sequence { get; init; }

    /// <summary>Milliseconds; 0 where none is known.</summary>
    [Id(2)]
    public long Stamp { get; init; }

    /// <summary>Null for whatever there is in the bucket.</summary>
    [Id(3)]
    public string[]? Collections { get; init; }

    internal static ChangeNoticeWire From(ChangeNotice notice) => new()
    {
        Epoch = notice.Position.Epoch,
        Sequence = notice.Position.Sequence,
        Stamp = notice.Stamp.Milliseconds,
        Collections = notice.Collections is { } collections ? [.. collections] : null,
    };

    internal ChangeNotice ToNotice() => new(new FeedPosition(Epoch, Sequence), new ServerTimestamp(Stamp), Collections);
}

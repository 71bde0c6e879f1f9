using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>The position from which the client of a stream continues, which is the <c>id</c> of events: a stamp for each bucket, in the order in which the URL names these.</summary>
internal sealed class LivePosition(IEnumerable<ServerTimestamp> stamps)
{
    private readonly ServerTimestamp[] all = [.. stamps];

    public ServerTimestamp this[int bucket]
    {
        get => all[bucket];
        set => all[bucket] = value;
    }

    /// <param name="text">As <see cref="ToString"/> gives it, with quotes or without. 0 alone is the beginning of all of them.</param>
    /// <param name="buckets">How many there are.</param>
    /// <param name="stamps">One each.</param>
    public static bool TryParse(string text, int buckets, out ServerTimestamp[] stamps)
    {
        var parts = text.AsSpan().Trim().Trim('"').ToString().Split(',');
        stamps = new ServerTimestamp[buckets];
        if (parts is ["0"])
        {
            return true;
        }

        if (parts.Length != buckets)
        {
            return false;
        }

        for (var i = 0; i < buckets; i++)
        {
            if (!StampText.TryParse(parts[i], out stamps[i]))
            {
                return false;
            }
        }

        return true;
    }

    public override string ToString() => all.Length == 1 ? all[0].ToString() : string.Join(',', all);
}

using System.Globalization;

namespace Lockstep.Core.Time;

/// <summary>A stamp that a bucket's clock handed out: whole milliseconds since the Unix epoch (UTC).</summary>
/// <remarks>
/// Zero stands for "before the first write". Kinto prints it as an integer (docs/api/1.x/timestamps.rst); Sync 1.5
/// prints the same value as seconds with two decimals. It is never held in a <c>double</c>: seconds as floating point
/// lose hundredths.
/// </remarks>
public readonly record struct ServerTimestamp(long Milliseconds) : IComparable<ServerTimestamp>
{
    public static readonly ServerTimestamp Zero = new(0);

    /// <summary>The wall clock, cut to milliseconds.</summary>
    public static ServerTimestamp Now(TimeProvider time) => new(time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Reads plain decimal digits; no sign, no blanks, no fraction, at most 2^63 - 1.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ServerTimestamp value)
    {
        var ok = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds);
        value = new ServerTimestamp(milliseconds);
        return ok;
    }

    public static ServerTimestamp Max(ServerTimestamp a, ServerTimestamp b) => a < b ? b : a;

    public int CompareTo(ServerTimestamp other) => Milliseconds.CompareTo(other.Milliseconds);

    public ServerTimestamp Plus(long milliseconds) => new(Milliseconds + milliseconds);

    public override string ToString() => Milliseconds.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(ServerTimestamp a, ServerTimestamp b) => a.Milliseconds < b.Milliseconds;

    public static bool operator >(ServerTimestamp a, ServerTimestamp b) => a.Milliseconds > b.Milliseconds;

    public static bool operator <=(ServerTimestamp a, ServerTimestamp b) => a.Milliseconds <= b.Milliseconds;

    public static bool operator >=(ServerTimestamp a, ServerTimestamp b) => a.Milliseconds >= b.Milliseconds;
}

using System.Globalization;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>Stamps in the protocol's form: seconds with decimals. They are never floating-point numbers here.</summary>
public static class SyncTime
{
    private const int MaxDigits = 15;

    /// <summary>With two decimals: <c>1388635807.40</c>.</summary>
    public static string Text(ServerTimestamp stamp) => string.Create(
        CultureInfo.InvariantCulture, $"{stamp.Milliseconds / 1000}.{stamp.Milliseconds % 1000 / 10:00}");

    /// <summary>Now, on the grid of two decimals.</summary>
    public static ServerTimestamp Now(TimeProvider time) => ServerTimestamp.Now(time) is var now ? now.Plus(-(now.Milliseconds % 10)) : default;

    /// <summary>Reads digits, with or without a dot and more digits. Digits below a millisecond are cut off.</summary>
    /// <param name="text">As a client sends it.</param>
    /// <param name="stamp">The stamp.</param>
    /// <param name="roundsUp">Whether such digits count as one more millisecond instead.</param>
    public static bool TryParse(string? text, out ServerTimestamp stamp, bool roundsUp = false)
    {
        stamp = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var (whole, fraction) = dot < 0 ? (text, "") : (text[..dot], text[(dot + 1)..]);
        if (whole.Length is 0 or > MaxDigits || whole.AsSpan().ContainsAnyExceptInRange('0', '9') || fraction.AsSpan().ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        var milliseconds = (long.Parse(whole, NumberStyles.None, CultureInfo.InvariantCulture) * 1000)
            + int.Parse(fraction.PadRight(3, '0')[..3], NumberStyles.None, CultureInfo.InvariantCulture);
        var isFiner = fraction.Length > 3 && fraction.AsSpan(3).ContainsAnyExcept('0');
        stamp = new ServerTimestamp(milliseconds + (isFiner && roundsUp ? 1 : 0));
        return true;
    }
}

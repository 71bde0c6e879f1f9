using System.Globalization;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Times as clients send them: seconds, compared at two decimals. They are never read as floating-point numbers.</summary>
internal static class WeaveTime
{
    private const decimal Greatest = 1e13m;

    /// <param name="text">A number in any form.</param>
    /// <param name="stamp">The nearest hundredth of a second; zero for a time before the epoch.</param>
    /// <returns>False if it is not a number.</returns>
    public static bool TryParse(string text, out ServerTimestamp stamp)
    {
        var isNumber = decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds);
        stamp = new ServerTimestamp((long)decimal.Round(Math.Clamp(seconds, 0, Greatest) * 100, MidpointRounding.AwayFromZero) * 10);
        return isNumber;
    }
}

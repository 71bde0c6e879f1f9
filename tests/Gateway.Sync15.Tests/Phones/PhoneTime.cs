using System.Globalization;

namespace Lockstep.Gateway.Sync15.Tests.Phones;

/// <summary>The server's times, as phones keep and write them.</summary>
internal static class PhoneTime
{
    /// <summary>Exact: they are compared with each other.</summary>
    /// <exception cref="PhoneFault">It is no number.</exception>
    public static decimal Parse(string text) => decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
        ? seconds
        : throw new PhoneFault($"'{text}' is no time.");

    /// <summary>The shortest form: <c>0</c>, <c>1234.5</c>, <c>1234.56</c>.</summary>
    public static string Text(decimal seconds) => seconds.ToString("0.##", CultureInfo.InvariantCulture);
}

using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto;

/// <summary>Stamps that clients send in headers and parameters.</summary>
internal static class StampText
{
    /// <summary>Filters add one, and the result has to fit too.</summary>
    private const long Greatest = long.MaxValue - 1;

    /// <param name="text">Decimal digits without quotes.</param>
    /// <param name="stamp">The stamp.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out ServerTimestamp stamp) =>
        ServerTimestamp.TryParse(text, out stamp) && stamp.Milliseconds <= Greatest;

    /// <param name="name">The header or parameter.</param>
    /// <param name="text">The invalid stamp.</param>
    /// <param name="otherwise">The description if it is not an integer.</param>
    /// <returns>The description of the fault.</returns>
    public static string Describe(string name, ReadOnlySpan<char> text, string otherwise) =>
        IsInteger(text) ? $"{name} should be at most {Greatest}" : otherwise;

    /// <summary>Whether it is an integer of any size.</summary>
    public static bool IsInteger(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExceptInRange('0', '9');
}

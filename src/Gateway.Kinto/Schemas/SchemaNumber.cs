using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>
/// A JSON number for exact comparison: 0.<see cref="Digits"/> times ten to the power of <see cref="Point"/>. A number of more than
/// 4,096 characters, which nobody intends, is only as exact as a double.
/// </summary>
/// <param name="Near">The nearest double.</param>
/// <param name="IsNegative">Whether it has a minus.</param>
/// <param name="Digits">From the first that is not 0 to the last; empty for zero, null for a number that is too long.</param>
/// <param name="Point">Where the point is, counted from the first digit.</param>
/// <param name="Exact">Its value as a decimal, where it fits.</param>
internal readonly record struct SchemaNumber(double Near, bool IsNegative, string? Digits, long Point, decimal? Exact)
{
    private const int MaxLength = 4_096;

    // Digits of a decimal after the point, and in all.
    private const int DecimalDigits = 28;

    // Nobody intends more, and sums with it cannot overflow.
    private const long MaxExponent = 1_000_000_000_000;

    public bool IsInteger => Digits is null ? double.IsInfinity(Near) || Math.Truncate(Near) == Near : Digits.Length == 0 || Digits.Length <= Point;

    private bool IsZero => Digits is null ? Near == 0 : Digits.Length == 0;

    /// <param name="value">A number.</param>
    public static SchemaNumber Of(JsonElement value)
    {
        var near = value.TryGetDouble(out var read) ? read : double.PositiveInfinity;
        var text = JsonMarshal.GetRawUtf8Value(value);
        if (text.Length > MaxLength)
        {
            return new SchemaNumber(near, text[0] == '-', Digits: null, Point: 0, Exact: null);
        }

        var isNegative = text[0] == '-';
        var end = text.IndexOfAny((byte)'e', (byte)'E');
        var mantissa = text[(isNegative ? 1 : 0)..(end < 0 ? text.Length : end)];
        var point = mantissa.IndexOf((byte)'.');
        var digits = Encoding.ASCII.GetString(mantissa);
        digits = point < 0 ? digits : string.Concat(digits.AsSpan(0, point), digits.AsSpan(point + 1));
        var leading = digits.AsSpan().IndexOfAnyExcept('0');
        digits = leading < 0 ? "" : digits[leading..].TrimEnd('0');
        var at = digits.Length == 0 ? 0 : (point < 0 ? mantissa.Length : point) - leading + (end < 0 ? 0 : Exponent(text[(end + 1)..]));
        var isExact = digits.Length <= DecimalDigits && at <= DecimalDigits && digits.Length - at <= DecimalDigits;
        return new SchemaNumber(near, isNegative, digits, at, isExact && value.TryGetDecimal(out var exact) ? exact : null);
    }

    public int Order(SchemaNumber other)
    {
        if (Digits is not { } digits || other.Digits is not { } others)
        {
            return Near.CompareTo(other.Near);
        }

        var (sign, otherSign) = (Sign(), other.Sign());
        if (sign != otherSign || sign == 0)
        {
            return sign.CompareTo(otherSign);
        }

        var order = Point.CompareTo(other.Point);
        return sign * (order != 0 ? order : string.CompareOrdinal(digits, others));
    }

    /// <param name="other">Greater than zero.</param>
    public bool IsMultipleOf(SchemaNumber other)
    {
        if (Exact is { } value && other.Exact is { } of && of != 0)
        {
            return value % of == 0;
        }

        var times = Near / other.Near;
        return IsZero || (double.IsFinite(times) ? times != 0 && Math.Truncate(times) == times : IsInteger);
    }

    private int Sign() => IsZero ? 0 : IsNegative ? -1 : 1;

    private static long Exponent(ReadOnlySpan<byte> text)
    {
        var isNegative = text[0] == '-';
        var digits = (text[0] is (byte)'-' or (byte)'+' ? text[1..] : text).TrimStart((byte)'0');
        var exponent = digits.Length == 0 ? 0 : digits.Length > 12 ? MaxExponent : long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        return isNegative ? -exponent : exponent;
    }
}

using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>A number of JSON to be compared: exact as long as it has up to 28 digits, else as near as a double is.</summary>
/// <param name="Exact">Its value, where it has one that is exact.</param>
/// <param name="Near">Its value.</param>
internal readonly record struct SchemaNumber(decimal? Exact, double Near)
{
    private const int MaxLength = 60;

    public bool IsInteger => Exact is { } exact ? decimal.Truncate(exact) == exact : double.IsInfinity(Near) || Math.Truncate(Near) == Near;

    /// <param name="value">A number.</param>
    public static SchemaNumber Of(JsonElement value)
    {
        // What is long is not read exactly: that takes the more, the longer it is.
        decimal? exact = JsonMarshal.GetRawUtf8Value(value).Length <= MaxLength && value.TryGetDecimal(out var read) ? read : null;
        return new SchemaNumber(exact, value.TryGetDouble(out var near) ? near : double.PositiveInfinity);
    }

    public int Order(SchemaNumber other) =>
        Exact is { } a && other.Exact is { } b ? a.CompareTo(b) : Near.CompareTo(other.Near);

    /// <param name="other">More than zero.</param>
    public bool IsMultipleOf(SchemaNumber other)
    {
        if (Exact is { } value && other.Exact is { } of && of != 0)
        {
            return value % of == 0;
        }

        var times = Near / other.Near;
        return double.IsFinite(times) ? Math.Truncate(times) == times : IsInteger;
    }
}

using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Federation;

/// <summary>Reads claims of a token or its issuer: members of a JSON object.</summary>
public static class Claims
{
    /// <returns>Null when it is missing or not a text.</returns>
    public static string? Text(JsonElement claims, string name) => claims.TryGetProperty(name, out var value) ? JsonText.Read(value) : null;

    /// <summary>Whether a claim is a text, or a list that contains it.</summary>
    public static bool Has(JsonElement claims, string name, string text) => claims.TryGetProperty(name, out var value) && (value.ValueKind == JsonValueKind.Array
        ? value.EnumerateArray().Any(item => string.Equals(JsonText.Read(item), text, StringComparison.Ordinal))
        : string.Equals(JsonText.Read(value), text, StringComparison.Ordinal));

    /// <summary>A claim that is a time.</summary>
    /// <returns>Seconds since the epoch; null when it is missing; NaN when it is not a number.</returns>
    public static double? Seconds(JsonElement claims, string name) => !claims.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) ? seconds
        : double.NaN;
}

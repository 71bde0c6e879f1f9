using System.Globalization;
using System.Text.Json;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>An answer, read whole.</summary>
public sealed record SyncAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Text)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    /// <summary>The stamp's text.</summary>
    public string LastModified => Headers["X-Last-Modified"];

    public string Timestamp => Headers["X-Weave-Timestamp"];

    /// <summary>Hundredths of a second.</summary>
    public long Stamp => Hundredths(LastModified);

    public string? NextOffset => Headers.GetValueOrDefault("X-Weave-Next-Offset");

    public IEnumerable<string> Ids => Json.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetProperty("id").GetString()!);

    public static long Hundredths(string text)
    {
        Assert.Matches("^[0-9]+[.][0-9]{2}$", text);
        return long.Parse(text.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    public static async Task<SyncAnswer> ReadAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode,
        response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase),
        await response.Content.ReadAsStringAsync());

    /// <summary>A bare number, as JSON, and the time.</summary>
    public SyncAnswer AssertError(int status, int code)
    {
        Assert.True(status == Status, $"{Status} instead of {status}: {Text}");
        Assert.Equal(code.ToString(CultureInfo.InvariantCulture), Text);
        Assert.Equal("application/json", Headers["Content-Type"]);
        Hundredths(Timestamp);
        return this;
    }

    /// <summary>As clients need it: JSON, the times, and never a last modification after now.</summary>
    public SyncAnswer AssertOk(int status = 200)
    {
        Assert.True(status == Status, $"{Status} instead of {status}: {Text}");
        Assert.True(Stamp <= Hundredths(Timestamp), $"{LastModified} is after {Timestamp}");
        return this;
    }
}

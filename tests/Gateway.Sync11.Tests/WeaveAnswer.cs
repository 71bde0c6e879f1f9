using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>An answer, read whole. Each says what time it is.</summary>
public sealed record WeaveAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public string Timestamp => Headers["X-Weave-Timestamp"];

    public string? Type => Headers.GetValueOrDefault("Content-Type");

    public IEnumerable<string> Ids => Json.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetProperty("id").GetString()!);

    public static long Hundredths(string text)
    {
        Assert.Matches("^[0-9]+[.][0-9]{2}$", text);
        return long.Parse(text.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    public static async Task<WeaveAnswer> ReadAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode,
        response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase),
        await response.Content.ReadAsByteArrayAsync());

    /// <summary>As clients compare it: the number and nothing else.</summary>
    public WeaveAnswer AssertError(int code)
    {
        Assert.True(Status == 400, $"{Status} instead of 400: {Text}");
        Assert.Equal(code.ToString(CultureInfo.InvariantCulture), Text);
        Assert.Equal("application/json", Type);
        Hundredths(Timestamp);
        return this;
    }

    public WeaveAnswer AssertStatus(int status)
    {
        Assert.True(status == Status, $"{Status} instead of {status}: {Text}");
        Hundredths(Timestamp);
        return this;
    }

    public WeaveAnswer AssertOk() => AssertStatus(200);

    /// <summary>A bare text, which is no JSON.</summary>
    public WeaveAnswer AssertText(string text)
    {
        AssertOk();
        Assert.Equal(text, Text);
        Assert.StartsWith("text/plain", Type, StringComparison.Ordinal);
        return this;
    }

    /// <summary>A bare time, the same as in the header.</summary>
    public WeaveAnswer AssertWritten()
    {
        AssertOk();
        Assert.Equal(Timestamp, Text);
        return this;
    }
}

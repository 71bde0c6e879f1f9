using System.Text.Json;

namespace Lockstep.Gateway.Protocol;

/// <summary>An answer, read whole.</summary>
public sealed record KintoAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Text)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public JsonElement Data => Json.GetProperty("data");

    public string ETag => Headers["ETag"];

    /// <summary>The ETag's number.</summary>
    public long Stamp => long.Parse(ETag.Trim('"'));

    public int Errno => Json.GetProperty("errno").GetInt32();

    public IEnumerable<string> Ids => Data.EnumerateArray().Select(record => record.GetProperty("id").GetString()!);

    public static async Task<KintoAnswer> ReadAsync(HttpResponseMessage response) => new(
        (int)response.StatusCode,
        response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase),
        await response.Content.ReadAsStringAsync());

    /// <summary>The protocol's error shape, and nothing of ours leaking out of it.</summary>
    public void AssertError(int status, int errno)
    {
        Assert.True(status == Status, $"{Status} instead of {status}: {Text}");
        Assert.Equal("application/json", Headers["Content-Type"]);
        Assert.Equal(status, Json.GetProperty("code").GetInt32());
        Assert.Equal(errno, Errno);
        Assert.False(string.IsNullOrEmpty(Json.GetProperty("error").GetString()));
        Assert.DoesNotContain("Exception", Text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Text, StringComparison.Ordinal);
    }
}

using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>What the server has answered.</summary>
public sealed record AccountAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Text)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Text);

    public int Errno => Json.GetProperty("errno").GetInt32();

    public string String(string name) => Json.GetProperty(name).GetString()!;

    public bool Has(string name) => Json.TryGetProperty(name, out _);

    public AccountAnswer Ok()
    {
        Assert.True(Status == 200, $"{Status}: {Text}");
        return this;
    }

    /// <summary>That it is refused in the shape that Firefox reads.</summary>
    public AccountAnswer Refused(int code, int errno)
    {
        Assert.True(Status == code && Json.GetProperty("code").GetInt32() == code && Errno == errno && Has("error") && Has("message"), $"Not {code}/{errno} but {Status}: {Text}");
        return this;
    }
}

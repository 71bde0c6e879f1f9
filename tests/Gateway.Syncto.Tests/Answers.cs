using System.Globalization;
using System.Text.Json;
using Lockstep.Gateway.Sync15.Tests;

namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>What tests ask of an answer.</summary>
internal static class Answers
{
    public static JsonElement Data(this SyncAnswer answer)
    {
        Assert.True(answer.Status == 200, $"{answer.Status}: {answer.Text}");
        return answer.Json.GetProperty("data");
    }

    public static IEnumerable<string> RecordIds(this SyncAnswer answer, string key = "data")
    {
        Assert.True(answer.Status == 200, $"{answer.Status}: {answer.Text}");
        return answer.Json.GetProperty(key).EnumerateArray().Select(static record => record.GetProperty("id").GetString()!);
    }

    /// <summary>The ETag, without its quotes.</summary>
    public static long ETag(this SyncAnswer answer)
    {
        Assert.Matches("^\"[0-9]+\"$", answer.Headers["ETag"]);
        return long.Parse(answer.Headers["ETag"].Trim('"'), CultureInfo.InvariantCulture);
    }

    /// <summary>In the protocol's shape: code, errno, error and message.</summary>
    public static SyncAnswer AssertRefused(this SyncAnswer answer, int status, int errno, string? message = null)
    {
        Assert.True(status == answer.Status, $"{answer.Status} instead of {status}: {answer.Text}");
        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        var json = answer.Json;
        Assert.Equal(status, json.GetProperty("code").GetInt32());
        Assert.Equal(errno, json.GetProperty("errno").GetInt32());
        Assert.NotEqual("", json.GetProperty("error").GetString());
        if (message is not null)
        {
            Assert.Equal(message, json.GetProperty("message").GetString());
        }

        return answer;
    }

    public static SyncAnswer AssertStatus(this SyncAnswer answer, int status)
    {
        Assert.True(status == answer.Status, $"{answer.Status} instead of {status}: {answer.Text}");
        return answer;
    }
}

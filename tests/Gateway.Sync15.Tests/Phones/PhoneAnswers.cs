using System.Text.Json;

namespace Lockstep.Gateway.Sync15.Tests.Phones;

/// <summary>How strict phones are with what they are answered. Each of these ends a sync there, or loses data.</summary>
internal static class PhoneAnswers
{
    /// <summary>A token. It needs the server's time, and all that the client reads.</summary>
    public static (string Id, string Key, string Endpoint, long Duration) Token(SyncAnswer answer)
    {
        if (answer.Status != 200)
        {
            throw new PhoneFault($"No token: {answer.Status}", answer.Status);
        }

        if (!answer.Headers.ContainsKey("X-Timestamp"))
        {
            throw new PhoneFault("Missing server timestamp header");
        }

        var token = Json(answer);
        Member(token, "hashed_fxa_uid", JsonValueKind.String);
        if (!Member(token, "uid", JsonValueKind.Number).TryGetUInt64(out _))
        {
            throw new PhoneFault("uid is no number of a user.");
        }

        return (
            Member(token, "id", JsonValueKind.String).GetString()!, Member(token, "key", JsonValueKind.String).GetString()!,
            Member(token, "api_endpoint", JsonValueKind.String).GetString()!, Member(token, "duration", JsonValueKind.Number).GetInt64());
    }

    /// <summary>An answer of the storage: JSON and a time, whatever it is about.</summary>
    public static SyncAnswer Storage(SyncAnswer answer)
    {
        if (answer.Status is < 200 or > 299)
        {
            throw new PhoneFault($"{answer.Status}: {answer.Text}", answer.Status);
        }

        Json(answer);
        PhoneTime.Parse(answer.Headers.GetValueOrDefault("X-Last-Modified") ?? throw new PhoneFault("Missing server timestamp header"));
        return answer;
    }

    /// <summary>Where nothing there is an answer too.</summary>
    public static SyncAnswer? StorageOrNone(SyncAnswer answer) => answer.Status == 404 ? null : Storage(answer);

    /// <summary>Records, all of them. A phone asks for no second page.</summary>
    public static SyncAnswer List(SyncAnswer answer, int? limit = null)
    {
        Storage(answer);
        if (answer.NextOffset is not null && !(limit is { } most && answer.Json.GetArrayLength() == most))
        {
            throw new PhoneFault("A page that was not asked for: the rest of the records would be lost.");
        }

        return answer;
    }

    /// <summary>The keys, whose record and header must say the same time.</summary>
    public static SyncAnswer Keys(SyncAnswer answer)
    {
        Storage(answer);
        return PhoneTime.Parse(answer.Json.GetProperty("modified").GetRawText()) == PhoneTime.Parse(answer.LastModified)
            ? answer
            : throw new PhoneFault("The keys are of another time than the header.");
    }

    private static JsonElement Json(SyncAnswer answer)
    {
        try
        {
            return answer.Json;
        }
        catch (JsonException)
        {
            throw new PhoneFault($"'{answer.Text}' is no JSON.");
        }
    }

    private static JsonElement Member(JsonElement token, string name, JsonValueKind kind) =>
        token.ValueKind == JsonValueKind.Object && token.TryGetProperty(name, out var value) && value.ValueKind == kind
            ? value
            : throw new PhoneFault($"The token has no {name}.");
}

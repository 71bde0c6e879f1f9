using System.Text.Json;

namespace Lockstep.Gateway.Sync15.Tests.Hostile;

/// <summary>What one user is answered by TokenServer, and whether it still knows them after what it has refused.</summary>
/// <param name="client">Signs nothing: each request says whether it has credentials.</param>
/// <param name="random">Chooses.</param>
internal sealed class WatchedTokens(SyncClient client, Random random)
{
    // Of so many refusals one is followed by a request that was taken before.
    private const int OneIn = 8;

    private (HostileRequest Request, long Uid)? taken;

    public async Task<SyncAnswer> SendAsync(HostileRequest request)
    {
        var answer = await AskAsync(request);
        request.Judge(answer, AssertShape);
        if (request.Method is "GET" && answer.Status == 200)
        {
            var uid = answer.Json.GetProperty("uid").GetInt64();
            Assert.True(uid >= (taken?.Uid ?? 0), "A store of before came back.");
            taken = (request, uid);
        }
        else if (taken is { } before && random.Next(OneIn) == 0)
        {
            var again = await AskAsync(before.Request);
            Assert.Equal((200, before.Uid), (again.Status, again.Status == 200 ? again.Json.GetProperty("uid").GetInt64() : 0));
        }

        return answer;
    }

    private Task<SyncAnswer> AskAsync(HostileRequest request) => client.SendBytesAsync(request.Method, request.Target, request.Body, [.. request.Headers]);

    private static void AssertShape(HostileRequest request, SyncAnswer answer)
    {
        Assert.True(answer.Status < 500 || (answer.Status == 503 && answer.Headers.ContainsKey("Retry-After")), "A fault of the server.");
        Assert.Matches("^[0-9]+$", answer.Headers["X-Timestamp"]);
        if (request.Method is "HEAD")
        {
            Assert.Empty(answer.Text);
            return;
        }

        if (request.Method is "OPTIONS" && answer.Status == 200)
        {
            return;
        }

        Assert.Equal("application/json", answer.Headers["Content-Type"]);
        if (answer.Status == 200)
        {
            Assert.Equal(JsonValueKind.Object, answer.Json.ValueKind);
            return;
        }

        Assert.InRange(answer.Status, 400, 503);
        Assert.NotEmpty(answer.Json.GetProperty("status").GetString()!);
        var error = Assert.Single(answer.Json.GetProperty("errors").EnumerateArray());
        Assert.Equal(["location", "name", "description"], error.EnumerateObject().Select(static member => member.Name));
    }
}

using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>Reads that span buckets: one at a time for each user.</summary>
public sealed class SpanningReadTests
{
    [Theory]
    [InlineData("GET", "/permissions")]
    [InlineData("HEAD", "/permissions")]
    [InlineData("GET", "/buckets")]
    [InlineData("HEAD", "/buckets")]
    public async Task SpanningRead_OfAUserWhoHasOneGoing_WaitsForIt_AndOthersDoNot(string method, string path)
    {
        await using var server = await KintoServer.StartAsync();
        using var alice = await server.NewUserAsync();
        using var bob = await server.NewUserAsync();
        var (user, _) = (await IdOfAsync(alice), await IdOfAsync(bob));
        var going = await server.Services.GetRequiredService<Admission>().TrySpanAsync(user, CancellationToken.None);

        var waiting = alice.SendAsync(method, path);
        Assert.Equal(200, (await bob.SendAsync(method, path)).Status);
        Assert.Equal(200, (await alice.GetAsync(KintoClient.Records)).Status);
        Assert.False(waiting.IsCompleted);

        going!.Value.Dispose();
        Assert.Equal(200, (await waiting).Status);
    }

    [Fact]
    public async Task SpanningRead_ThatWaitsForTooLong_Is503WithRetryAfter_AndLaterPartsOfItsBatchAreDone()
    {
        await using var server = await KintoServer.StartAsync();
        using var alice = await server.NewUserAsync();
        using var going = await server.Services.GetRequiredService<Admission>().TrySpanAsync(await IdOfAsync(alice), CancellationToken.None);

        var alone = alice.GetAsync("/buckets");
        var batch = await alice.PostAsync("/batch", $$$"""{"requests":[{"method":"GET","path":"/permissions"},{"method":"PUT","path":"{{{KintoClient.Records}}}/a","body":{}}]}""");

        Assert.Equal([503, 201], batch.Json.GetProperty("responses").EnumerateArray().Select(static part => part.GetProperty("status").GetInt32()));
        (await alone).AssertError(503, KintoErrno.Backend);
        Assert.Equal("3", (await alone).Headers["Retry-After"]);
    }

    private static async Task<string> IdOfAsync(KintoClient user) => (await user.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString()!;
}

using System.Collections.Concurrent;
using System.Text.Json;
using Lockstep.Gateway.Protocol;
using Lockstep.Gateway.Sync15.Tests;
using Lockstep.Gateway.Sync15.Tests.Hostile;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>Requests of nonsense: each is answered in the protocol's shape, none is a fault, and none reaches what is somebody else's.</summary>
public sealed class FuzzTests(ITestOutputHelper log)
{
    private const int Users = 4;
    private const string Canary = "what somebody else has stored";

    [Fact]
    public async Task Syncto_ForRequestsOfNonsense_AnswersInItsShape_AndShowsNothingOfOthers()
    {
        var servers = await SynctoServers.StartAsync(
            static options => options with { BatchMaxRequests = 3, MaxPageRecords = 2, PutEnabled = "a,bookmarks,tabs,crypto", DeleteEnabled = "a,bookmarks" },
            configureServer: static options => options with { Sync15 = options.Sync15 with { MaxRecordPayloadBytes = 4_000, QuotaBytes = 60 } });
        try
        {
            using var stranger = await servers.NewUserAsync();
            (await stranger.Device.PutAsync("/storage/tabs/1", $$"""{"payload":"{{Canary}}"}""")).AssertOk();
            using var watch = LogWatch.On(servers.Sync.Services);
            var seed = HostileSettings.Seed(log);
            var statuses = new ConcurrentDictionary<int, int>();
            await Task.WhenAll(Enumerable.Range(0, Users).Select(number => Task.Run(async () =>
            {
                using var user = await servers.NewUserAsync();
                var fuzzer = new SynctoFuzzer(new Random(seed + number), user.State, stranger.State);
                for (var i = 0; i < Requests / Users; i++)
                {
                    var request = fuzzer.Next();
                    try
                    {
                        var answer = await user.Syncto.SendBytesAsync(request.Method, request.Target, request.Body, [.. request.Headers]);
                        statuses.AddOrUpdate(answer.Status, 1, static (_, count) => count + 1);
                        request.Judge(answer, Judge);
                        fuzzer.Learn(answer);
                    }
                    catch (Exception e) when (e is XunitException or HttpRequestException)
                    {
                        throw new XunitException($"Seed {seed}: {e.Message}\nto\n{request}", e);
                    }
                }
            })));

            log.WriteLine(string.Join(", ", statuses.OrderBy(static one => one.Key).Select(static one => $"{one.Value} times {one.Key}")));
            foreach (var status in new[] { 200, 204, 304, 307, 400, 401, 403, 404, 405, 412, 415 })
            {
                Assert.True(statuses.ContainsKey(status), $"Nothing was answered {status}: the requests do not reach it.");
            }

            Assert.Equal(Canary, (await stranger.Device.GetAsync("/storage/tabs/1")).AssertOk().Json.GetProperty("payload").GetString());
            Assert.Empty(watch.Above(LogLevel.Debug));
        }
        finally
        {
            await servers.DisposeAsync();
        }
    }

    /// <summary>A quarter of what Sync's have, as each writes more.</summary>
    private static int Requests => Math.Max(2_000, HostileSettings.Requests / 4);

    private static void Judge(HostileRequest request, SyncAnswer answer)
    {
        Assert.InRange(answer.Status, 200, 499);
        Assert.DoesNotContain(Canary, answer.Text, StringComparison.Ordinal);
        if (request.Method is "HEAD")
        {
            return;
        }

        if (answer.Status >= 400)
        {
            Assert.Equal("application/json", answer.Headers["Content-Type"]);
            AssertError(answer.Json, answer.Status);
        }
        else if (answer.Text.Length > 0)
        {
            Assert.Equal(JsonValueKind.Object, answer.Json.ValueKind);
            if (answer.Json.TryGetProperty("responses", out var parts))
            {
                Assert.All(parts.EnumerateArray(), static part =>
                {
                    var status = part.GetProperty("status").GetInt32();
                    Assert.InRange(status, 200, 499);
                    if (status >= 400)
                    {
                        AssertError(part.GetProperty("body"), status);
                    }
                });
            }
        }
    }

    private static void AssertError(JsonElement error, int status)
    {
        Assert.Equal(status, error.GetProperty("code").GetInt32());
        Assert.InRange(error.GetProperty("errno").GetInt32(), 104, 202);
        Assert.NotEqual("", error.GetProperty("error").GetString());
        Assert.NotEqual("", error.GetProperty("message").GetString());
    }
}

using System.Collections.Concurrent;
using System.Text.Json;
using Lockstep.Gateway.Protocol;
using Lockstep.Gateway.Sync15.Tests.Hostile;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>Requests of nonsense: each is answered in the protocol's shape, none is a fault or a redirect, and none reaches what is somebody else's.</summary>
public sealed class FuzzTests(ITestOutputHelper log)
{
    private const int Users = 4;
    private const string Canary = "what somebody else has stored";

    [Fact]
    public async Task Server_ForRequestsOfNonsense_AnswersInItsShape_AndShowsNothingOfOthers()
    {
        var server = await WeaveServer.StartAsync(options => options with { MaxRecordPayloadBytes = 2_000, QuotaBytes = 3_000, MaxPostRecords = 3, MaxPostBytes = 2_500 });
        using var stranger = await server.NewUserAsync();
        (await stranger.PutAsync("/storage/tabs/1", WeaveClient.Wbo("1", Canary))).AssertWritten();
        using (var watch = LogWatch.On(server.Services))
        {
            var seed = HostileSettings.Seed(log);
            var statuses = new ConcurrentDictionary<int, int>();
            await Task.WhenAll(Enumerable.Range(0, Users).Select(number => Task.Run(async () =>
            {
                using var user = await server.NewUserAsync();
                var fuzzer = new Fuzzer(new Random(seed + number), user.Name, stranger.Name);
                for (var i = 0; i < Requests / Users; i++)
                {
                    var (method, target, body, headers) = fuzzer.Next();
                    try
                    {
                        var answer = await user.SendAsync(method, target, body, headers);
                        statuses.AddOrUpdate(answer.Status, 1, static (_, count) => count + 1);
                        if (target.StartsWith("/weave-", StringComparison.Ordinal))
                        {
                            Assert.True(answer.Status is < 500 or 503, $"{answer.Status}: {answer.Text}");
                        }
                        else if (!target.StartsWith("/2.0", StringComparison.Ordinal))
                        {
                            Judge(method, answer);
                            fuzzer.Learn(answer);
                        }
                    }
                    catch (Exception e) when (e is XunitException or JsonException or HttpRequestException or KeyNotFoundException)
                    {
                        throw new XunitException(
                            $"Seed {seed}: {e.Message}\nto\n{method} {target}\n{string.Join('\n', headers)}\n{(body is null ? "" : System.Text.Encoding.Latin1.GetString(body))}", e);
                    }
                }
            })));

            log.WriteLine(string.Join(", ", statuses.OrderBy(static one => one.Key).Select(static one => $"{one.Value} times {one.Key}")));
            foreach (var status in new[] { 200, 400, 401, 404, 405, 412 })
            {
                Assert.True(statuses.ContainsKey(status), $"Nothing was answered {status}: the requests do not reach it.");
            }

            Assert.Equal(Canary, (await stranger.GetAsync("/storage/tabs/1")).AssertOk().Json.GetProperty("payload").GetString());
            Assert.Empty(watch.Above(LogLevel.Information));
        }

        await server.DisposeAsync();
    }

    /// <summary>A quarter of what Sync 1.5 has.</summary>
    private static int Requests => Math.Max(2_000, HostileSettings.Requests / 4);

    private static void Judge(string method, WeaveAnswer answer)
    {
        Assert.True(answer.Status is >= 200 and < 300 or >= 400 and < 500 || (answer.Status == 503 && answer.Json.ValueKind == JsonValueKind.String), $"{answer.Status}: {answer.Text}");
        WeaveAnswer.Hundredths(answer.Timestamp);
        Assert.DoesNotContain(Canary, answer.Text, StringComparison.Ordinal);
        if (method is not ("HEAD" or "OPTIONS") && answer.Type is "application/json")
        {
            Assert.True(answer.Status is 200 or 400 or 503, $"{answer.Status}: {answer.Text}");
            Assert.True(answer.Status != 400 || answer.Json.ValueKind == JsonValueKind.Number, answer.Text);
        }
    }
}

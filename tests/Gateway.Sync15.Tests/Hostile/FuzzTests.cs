using System.Collections.Concurrent;
using Lockstep.Gateway.Protocol;
using Lockstep.Gateway.Sync15.Tests.TokenServer;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Lockstep.Gateway.Sync15.Tests.Hostile;

/// <summary>
/// Requests of nonsense, signed as they should be: each is answered in the protocol's shape, none is a fault, and one that is refused
/// changes nothing. Several users go on at once, each after the answer of before, so that a seed gives the same requests.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper log)
{
    private const int Users = 4;

    // Keys that are taken make others useless for good.
    private const int RequestsOfOne = 50;

    [Fact]
    public async Task Storage_ForRequestsOfNonsense_AnswersInItsShape_AndIsNeverHalfWritten()
    {
        // Small, so that all of them are met.
        await using var servers = new Owned(await TokenServers.StartAsync(static options => options with
        {
            MaxRecordPayloadBytes = 2_000, MaxPostRecords = 5, MaxPostBytes = 4_000, MaxRequestBytes = 8_000, MaxTotalRecords = 9, MaxTotalBytes = 6_000, QuotaBytes = 120,
        }));
        var sync = servers.Servers.Sync;
        using var watch = LogWatch.On(sync.Services);
        var statuses = await RunAsync(async (random, send) =>
        {
            using var device = sync.NewUser();
            var fuzzer = new SyncFuzzer(random, $"/1.5/{device.Uid}");
            var storage = new WatchedStorage(device, random);
            for (var i = 0; i < HostileSettings.Requests / Users; i++)
            {
                var request = fuzzer.Next();
                fuzzer.Learn(request, await send(request, () => storage.SendAsync(request)));
            }
        });

        foreach (var status in new[] { 200, 202, 304, 400, 401, 403, 404, 405, 412, 415 })
        {
            Assert.True(statuses.ContainsKey(status), $"Nothing was answered {status}: the requests do not reach it.");
        }

        Assert.Empty(watch.Above(LogLevel.Debug));
    }

    [Fact]
    public async Task TokenServer_ForRequestsOfNonsense_AnswersInItsShape_AndKeepsWhatItKnows()
    {
        await using var servers = new Owned(await TokenServers.StartAsync());
        using var watch = LogWatch.On(servers.Servers.Sync.Services);
        var lastUser = 0;
        var statuses = await RunAsync(async (random, send) =>
        {
            var (fuzzer, tokens) = ((TokenFuzzer?)null, (WatchedTokens?)null);
            using var client = new SyncClient(servers.Servers.Sync.Address, uid: 0, "", "", servers.Servers.Time);
            for (var i = 0; i < HostileSettings.Requests / Users; i++)
            {
                if (i % RequestsOfOne == 0)
                {
                    fuzzer = NewUser(servers.Servers.Accounts, random, $"hostile{Interlocked.Increment(ref lastUser)}");
                    tokens = new WatchedTokens(client, random);
                }

                var request = fuzzer!.Next();
                await send(request, () => tokens!.SendAsync(request));
            }
        });

        foreach (var status in new[] { 200, 400, 401, 404, 405 })
        {
            Assert.True(statuses.ContainsKey(status), $"Nothing was answered {status}: the requests do not reach it.");
        }

        Assert.Empty(watch.Above(LogLevel.Information));
    }

    private static TokenFuzzer NewUser(AccountServer accounts, Random random, string user) => new(
        random,
        [.. Enumerable.Range(1, 3).Select(generation => accounts.Signed(user, generation * 1_000)), accounts.Signed(user), accounts.Opaque(user, 2_000)],
        [
            accounts.Signed(user, change: static claims => claims["exp"] = 1), accounts.Signed(user, change: static claims => claims["scope"] = 5),
            accounts.Signed(user, change: static claims => claims["fxa-generation"] = "x"), accounts.Signed(user, key: AccountServer.Another), "0123456789abcdef",
        ]);

    /// <returns>How often each status came.</returns>
    private async Task<IReadOnlyDictionary<int, int>> RunAsync(Func<Random, Func<HostileRequest, Func<Task<SyncAnswer>>, Task<SyncAnswer>>, Task> user)
    {
        var seed = HostileSettings.Seed(log);
        var statuses = new ConcurrentDictionary<int, int>();
        await Task.WhenAll(Enumerable.Range(0, Users).Select(number => Task.Run(async () => await user(new Random(seed + number), async (request, send) =>
        {
            try
            {
                var answer = await send();
                statuses.AddOrUpdate(answer.Status, 1, static (_, count) => count + 1);
                return answer;
            }
            catch (Exception e) when (e is XunitException or HttpRequestException)
            {
                throw new XunitException($"Seed {seed}: {e.Message}\nto\n{request}", e);
            }
        }))));
        log.WriteLine(string.Join(", ", statuses.OrderBy(static one => one.Key).Select(static one => $"{one.Value} times {one.Key}")));
        return statuses;
    }
}

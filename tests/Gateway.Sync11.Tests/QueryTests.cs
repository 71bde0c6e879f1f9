using System.Globalization;
using System.Text.Json;
using Lockstep.Gateway.Sync15.Tests.Hostile;
using Xunit.Abstractions;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>Whatever the parameters of a collection ask together, by GET and by DELETE, held against a list of all records that is gone through one by one.</summary>
[Collection(SharedServer.Name)]
public sealed class QueryTests(WeaveServer server, ITestOutputHelper log)
{
    private const int Records = 60;
    private const int Queries = 300;

    [Fact]
    public async Task Get_OfAnyQuery_GivesWhatTheRecordsSay_InOrder_InEachForm()
    {
        var random = new Random(HostileSettings.Seed(log));
        using var device = await FilledAsync(random);
        var all = await AllAsync(device);

        for (var i = 0; i < Queries; i++)
        {
            var query = RecordQuery.Next(random, all);
            var (inLines, isFull) = (random.Next(2) == 0, random.Next(2) == 0);
            var url = $"/storage/history?{query.Text}{(isFull ? "&full=1" : "")}";

            var answer = (await device.GetAsync(url, ("Accept", inLines ? "application/newlines" : "application/json"))).AssertOk();

            var found = inLines ? [.. answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(IdOf)] : answer.Ids.ToList();
            query.AssertAnswer(all, found, url);
            Assert.Equal(found.Count.ToString(CultureInfo.InvariantCulture), answer.Headers["X-Weave-Records"]);
        }
    }

    [Fact]
    public async Task Delete_OfAnyQuery_LeavesWhatGetDoesNotMean()
    {
        var random = new Random(HostileSettings.Seed(log));
        using var device = await FilledAsync(random);
        var all = await AllAsync(device);

        while (all.Count > 0)
        {
            var query = RecordQuery.Next(random, all) with { Offset = 0, IndexAbove = null, IndexBelow = null };
            if (query.IsOfAll)
            {
                query = query with { Limit = 5 };
            }

            (await device.DeleteAsync($"/storage/history?{query.Text}")).AssertWritten();

            var left = await AllAsync(device);
            Assert.All(left, record => Assert.Contains(record, all));
            query.AssertAnswer(all, query.InOrder(all.Except(left)), "DELETE " + query.Text);
            all = left.Count == all.Count ? left[1..] : left;
            (await device.DeleteAsync($"/storage/history?ids={string.Join(',', left.Except(all).Select(static record => record.Id))}")).AssertWritten();
        }

        Assert.Equal([], (await device.GetAsync("/storage/history")).Ids);
    }

    private static string IdOf(string line)
    {
        var entry = JsonDocument.Parse(line).RootElement;
        return entry.ValueKind == JsonValueKind.String ? entry.GetString()! : entry.GetProperty("id").GetString()!;
    }

    private static async Task<List<WeaveRecord>> AllAsync(WeaveClient device) =>
    [
        .. (await device.GetAsync("/storage/history?full=1")).AssertOk().Json.EnumerateArray().Select(static record => new WeaveRecord(
            record.GetProperty("id").GetString()!, record.GetProperty("modified").GetRawText(), record.TryGetProperty("sortindex", out var weight) ? weight.GetInt32() : null)),
    ];

    /// <summary>A user with records of several times, some of which share theirs, and of several weights; some have none.</summary>
    private async Task<WeaveClient> FilledAsync(Random random)
    {
        var device = await server.NewUserAsync();
        for (var made = 0; made < Records;)
        {
            var part = Enumerable.Range(made, random.Next(1, 8)).Select(i => WeaveClient.Wbo($"r{i}", "x", random.Next(5) == 0 ? "" : $",\"sortindex\":{random.Next(-20, 20)}")).ToList();
            (await device.PostAsync("/storage/history", $"[{string.Join(',', part)}]")).AssertOk();
            made += part.Count;
        }

        return device;
    }
}

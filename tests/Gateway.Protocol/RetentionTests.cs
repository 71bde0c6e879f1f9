using System.Globalization;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.Gateway.Protocol;

/// <summary>Tombstones that are older than the setting go, and whoever was away for longer starts over.</summary>
public sealed class RetentionTests
{
    [SqliteFact("Time jumps here, and that of a database that others share does not.")]
    public async Task PlainPoller_OlderThanThePurge_EndsWithWhatIsThere()
    {
        var time = new FakeTime();

        // An hour for the month that it would be: whatever comes every few seconds comes due for each of them.
        var server = await KintoServer.StartAsync(
            options => options with { Buckets = options.Buckets with { TombstoneRetention = TimeSpan.FromHours(1) }, Console = options.Console with { Enabled = false } }, time: time);
        try
        {
            using var client = await server.NewUserAsync();
            await client.PutAsync(KintoClient.Records + "/gone", """{"data":{}}""");
            var seen = Stamp(await client.GetAsync(KintoClient.Records));
            await client.PutAsync(KintoClient.Records + "/kept", """{"data":{}}""");
            await client.SendAsync("DELETE", KintoClient.Records + "/gone");
            Assert.Equal(["gone", "kept"], (await client.GetAsync($"{KintoClient.Records}?_since={seen}")).Ids.Order(StringComparer.Ordinal));
            time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromMinutes(1));
            await client.PutAsync(KintoClient.Records + "/new", """{"data":{}}""");
            time.Advance(TimeSpan.FromSeconds(10));
            await Eventually.HoldsAsync("the tombstone gone", async () => (await client.GetAsync(KintoClient.Records + "?_since=0")).Ids.Count() == 2);

            var told = await client.GetAsync($"{KintoClient.Records}?_since={seen}");
            var next = await client.GetAsync($"{KintoClient.Records}?_since={Stamp(told)}");

            Assert.Empty(told.Ids);
            Assert.True(Stamp(told) > seen);
            Assert.Equal(["kept", "new"], next.Ids.Order(StringComparer.Ordinal));
            Assert.Empty((await client.GetAsync($"{KintoClient.Records}?_since={Stamp(next)}")).Ids);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static long Stamp(KintoAnswer answer) => long.Parse(answer.Headers["ETag"].Trim('"'), CultureInfo.InvariantCulture);
}

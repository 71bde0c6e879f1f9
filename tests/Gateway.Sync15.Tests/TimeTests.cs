using Lockstep.Gateway.Protocol;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>What time itself does: records that expire, batches that end, a wall clock that is set back.</summary>
public sealed class TimeTests : IAsyncLifetime
{
    private readonly FakeTime time = new(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
    private SyncServer server = null!;

    public async Task InitializeAsync() => server = await SyncServer.StartAsync(time: time);

    public Task DisposeAsync() => server.DisposeAsync();

    [OneProcessFact("Silos have the machine's own clock.")]
    public async Task Record_AtTheEndOfItsLifetime_IsAbsentEverywhereAtOnce()
    {
        using var device = server.NewUser();
        (await device.PutAsync("/storage/tabs/a", """{"payload":"12","ttl":60}""")).AssertOk();
        (await device.PutAsync("/storage/tabs/b", """{"payload":"1","ttl":3000}""")).AssertOk();
        time.Advance(TimeSpan.FromSeconds(59));
        (await device.GetAsync("/storage/tabs/a")).AssertOk();

        // The lifetime counts from the last time that it was sent.
        (await device.PutAsync("/storage/tabs/b", """{"ttl":30}""")).AssertOk();
        time.Advance(TimeSpan.FromSeconds(2));
        (await device.GetAsync("/storage/tabs/a")).AssertError(404, 0);
        Assert.Equal(["b"], (await device.GetAsync("/storage/tabs")).Ids);
        Assert.Equal("""{"tabs":1}""", (await device.GetAsync("/info/collection_counts")).Text);
        Assert.Equal("[0.0009765625,2048000]", (await device.GetAsync("/info/quota")).Text);

        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("[]", (await device.GetAsync("/storage/tabs?full=1&newer=0")).AssertOk().Text);
        Assert.Equal("{}", (await device.GetAsync("/info/collection_counts")).Text);
    }

    [OneProcessFact("Silos have the machine's own clock.")]
    public async Task Batch_OlderThanTwoHours_IsGone()
    {
        using var device = server.Device(server.NewUser().Uid, seconds: 4 * 3600);
        var batch = (await device.PostAsync("/storage/tabs?batch=true", """[{"id":"a","ttl":60}]""")).AssertOk(202).Json.GetProperty("batch").GetString();
        var slow = (await device.PostAsync("/storage/tabs?batch=true", """[{"id":"b","ttl":60}]""")).AssertOk(202).Json.GetProperty("batch").GetString();

        // A lifetime in a batch counts from its commit.
        time.Advance(TimeSpan.FromMinutes(119));
        (await device.PostAsync($"/storage/tabs?batch={batch}&commit=true", "[]")).AssertOk();
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(["a"], (await device.GetAsync("/storage/tabs")).Ids);

        time.Advance(TimeSpan.FromMinutes(2));
        (await device.PostAsync($"/storage/tabs?batch={slow}&commit=true", "[]")).AssertError(400, 1);
        (await device.PostAsync($"/storage/tabs?batch={slow}", "[]")).AssertError(400, 1);
    }

    [OneProcessFact("Silos have the machine's own clock.")]
    public async Task WallClock_SetBack_StampsGoOn_AndClientsAreAskedToWait()
    {
        using var device = server.Device(server.NewUser().Uid, seconds: 4 * 3600);
        var before = (await device.PutAsync("/storage/tabs/a", """{"payload":"1"}""")).AssertOk();
        Assert.False(before.Headers.ContainsKey("X-Weave-Backoff"));

        time.JumpWallClock(-TimeSpan.FromMinutes(10));
        var after = (await device.PutAsync("/storage/tabs/a", """{"payload":"2"}""")).AssertOk();

        Assert.True(after.Stamp > before.Stamp);
        Assert.Equal(after.Timestamp, after.LastModified);
        Assert.Equal("10", after.Headers["X-Weave-Backoff"]);
        Assert.Equal("10", (await device.GetAsync("/info/collections")).AssertOk().Headers["X-Weave-Backoff"]);
    }
}

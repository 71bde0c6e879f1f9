using System.Net;
using Lockstep.Storage.Contract;
using Lockstep.Testing;

namespace Lockstep.EndToEnd;

/// <summary>What a laptop goes through: a process that stands still, a lid that is closed, a clock that is set.</summary>
public sealed class EnduranceTests : IAsyncLifetime
{
    private TestStorage storage = null!;

    public async Task InitializeAsync() => storage = await TestStorage.CreateAsync();

    public async Task DisposeAsync() => await storage.DisposeAsync();

    [Fact]
    public async Task Server_ThatStoodStillForAMinute_GoesOn()
    {
        var (server, address) = await ServerProcess.StartAsync(storage);
        using (server)
        {
            using var alice = await RegisterAsync(address);
            var before = (await alice.PutAsync("before")).Stamp;

            server.Pause();
            var waiting = alice.PutAsync("meanwhile");
            await RealTime.PassAsync(TimeSpan.FromSeconds(60));
            server.Resume();

            Assert.Equal(HttpStatusCode.Created, (await waiting).Status);
            await ServesAsync(server, address, alice, before);
        }
    }

    /// <summary>While a machine sleeps, processes stand still and the wall clock goes on.</summary>
    [ClockFact]
    public async Task Server_OnAMachineThatSleptForANight_GoesOn()
    {
        using var directory = new TemporaryDirectory();
        var clock = new FileInfo(Path.Combine(directory.Path, "clock"));
        FakeClock.Set(clock, TimeSpan.Zero);
        var (server, address) = await StartAsync(clock);
        using (server)
        {
            using var alice = await RegisterAsync(address);
            var before = (await alice.PutAsync("before")).Stamp;

            server.Pause();
            FakeClock.Set(clock, TimeSpan.FromHours(10));
            await RealTime.PassAsync(TimeSpan.FromSeconds(2));
            server.Resume();

            await ServesAsync(server, address, alice, before);
            FakeClock.CleanUp(server.Id);
        }
    }

    [ClockFact]
    public async Task Server_WhoseClockIsSetForthAndBack_GoesOn_AndStampsRise()
    {
        using var directory = new TemporaryDirectory();
        var clock = new FileInfo(Path.Combine(directory.Path, "clock"));
        FakeClock.Set(clock, TimeSpan.Zero);

        var (server, address) = await StartAsync(clock);
        using (server)
        {
            using var alice = await RegisterAsync(address);
            var last = (await alice.PutAsync("before")).Stamp;
            foreach (var hours in (int[])[10, -10, 0])
            {
                FakeClock.Set(clock, TimeSpan.FromHours(hours));
                for (var i = 0; i < 20; i++)
                {
                    var (status, stamp) = await alice.PutAsync($"h{hours}-{i}");
                    Assert.Equal(HttpStatusCode.Created, status);
                    Assert.True(stamp > last, $"{stamp} came after {last}.");
                    last = stamp;
                    await RealTime.PassAsync(TimeSpan.FromMilliseconds(100));
                }
            }

            await ServesAsync(server, address, alice, last);
            FakeClock.CleanUp(server.Id);
        }
    }

    private static async Task<Device> RegisterAsync(Uri address)
    {
        var alice = new Device(address, "alice", "s3cr3t");
        await alice.RegisterAsync("alice", "s3cr3t");
        return alice;
    }

    /// <summary>
    /// It is healthy, takes writes, has what it had, and ends in order. A lease that ran out while the process stood still is
    /// renewed within a second; until then it says that it is not ready.
    /// </summary>
    private static async Task ServesAsync(ServerProcess server, Uri address, Device alice, long before)
    {
        Assert.Equal(HttpStatusCode.OK, await alice.StatusAsync("/health/live"));
        await Eventually.HoldsAsync("ready", async () => await alice.StatusAsync("/health/ready") == HttpStatusCode.OK);
        var (status, stamp) = await alice.PutAsync("after");
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.True(stamp > before, "A stamp went back.");
        Assert.Contains("before", (await alice.ListAsync()).Records.Keys);

        // Whose owner is not in memory yet.
        using var bob = new Device(address, "bob", "s3cr3t");
        await bob.RegisterAsync("bob", "s3cr3t");
        Assert.Equal(HttpStatusCode.Created, (await bob.PutAsync("first")).Status);
        server.Terminate();
        Assert.Equal(0, await server.EndAsync());
    }

    private Task<(ServerProcess Server, Uri Address)> StartAsync(FileInfo clock) =>
        ServerProcess.StartAsync(storage, ["--postgres:max-clock-difference", "23:00:00"], FakeClock.Command(clock));
}

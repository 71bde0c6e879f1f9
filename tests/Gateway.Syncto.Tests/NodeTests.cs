using Lockstep.Gateway.Sync15.Tests;

namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>Storages that lie on other nodes than the one that is asked.</summary>
public sealed class NodeTests
{
    [Fact]
    public async Task Storage_OnAnotherNode_IsServedFromThere_AndOneOnThisNodeFromHere()
    {
        // A node has the same secrets, and nothing else of this server's.
        var node = await SyncServer.StartAsync();
        var servers = await SynctoServers.StartAsync();
        try
        {
            foreach (var address in new[] { node.Address, servers.Address })
            {
                var url = address.AbsoluteUri.TrimEnd('/');
                await servers.Tokens.Assignments.PutNodeAsync(url, 1, isDown: false, isDraining: false, CancellationToken.None);
                using var user = await servers.NewUserAsync();
                using var there = new SyncClient(address, user.Device.Uid, user.Device.Id, user.Device.Key, TimeProvider.System);
                await servers.Tokens.Assignments.PutNodeAsync(url, 1, isDown: true, isDraining: false, CancellationToken.None);

                (await user.Syncto.PutAsync(user.Syncto.Records() + "/a%20b", """{"data":{"payload":"p"}}""")).AssertStatus(200);
                Assert.Equal(["a b"], (await user.Syncto.GetAsync(user.Syncto.Records())).RecordIds());
                Assert.Equal("p", (await there.GetAsync("/storage/bookmarks/a%20b")).AssertOk().Json.GetProperty("payload").GetString());
                (await user.Syncto.GetAsync(user.Syncto.Records() + "/none")).AssertRefused(404, 110);
            }
        }
        finally
        {
            await servers.DisposeAsync();
            await node.DisposeAsync();
        }
    }
}

using Lockstep.Core.Accounts;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>Stores whose number is closed while tokens for them live.</summary>
[Collection(SharedServer.Name)]
public sealed class ClosedTests(SyncServer server)
{
    [Fact]
    public async Task Write_ToAStoreThatIsClosed_Is401_AndChangesNothing()
    {
        using var device = server.NewUser();
        (await device.PostAsync("/storage/tabs", """[{"id":"a","payload":"1"},{"id":"b","payload":"2"}]""")).AssertOk();
        var batch = (await device.PostAsync("/storage/tabs?batch=true", """[{"id":"c","payload":"3"}]""")).AssertOk(202).Json.GetProperty("batch").GetString()!;
        var before = await SeeAsync(device);

        await CloseAsync(device);

        foreach (var (method, path, body) in new (string, string, string?)[]
        {
            ("PUT", "/storage/tabs/a", """{"payload":"late"}"""), ("PUT", "/storage/tabs/new", """{"payload":"late"}"""), ("PUT", "/storage/other/a", """{"payload":"late"}"""),
            ("POST", "/storage/tabs", """[{"id":"a","payload":"late"},{"id":"new","payload":"late"}]"""),
            ("POST", "/storage/tabs?batch=true", """[{"id":"new","payload":"late"}]"""), ("POST", "/storage/tabs?batch=true&commit=true", """[{"id":"new","payload":"late"}]"""),
            ("POST", $"/storage/tabs?batch={batch}", """[{"id":"new","payload":"late"}]"""), ("POST", $"/storage/tabs?batch={batch}&commit=true", "[]"),
            ("DELETE", "/storage/tabs/a", null), ("DELETE", "/storage/tabs?ids=a,b", null), ("DELETE", "/storage/tabs", null), ("DELETE", "/storage", null), ("DELETE", "", null),
        })
        {
            var answer = await device.SendAsync(method, path, body);
            Assert.True(answer.Status == 401, $"{method} {path}: {answer.Status} {answer.Text}");
            Assert.Equal("Hawk", answer.AssertError(401, 0).Headers["WWW-Authenticate"]);
        }

        // Nor with a token that was made after that.
        using var other = server.Device(device.Uid, salt: "d4e5f6");
        (await other.PutAsync("/storage/tabs/a", """{"payload":"late"}""")).AssertError(401, 0);
        Assert.Equal(before, await SeeAsync(device));
    }

    [Fact]
    public async Task Write_ToAStoreThatHasNothing_AndIsClosed_Is401()
    {
        using var device = server.NewUser();
        await CloseAsync(device);

        (await device.PutAsync("/storage/tabs/a", """{"payload":"late"}""")).AssertError(401, 0);
        (await device.PostAsync("/storage/tabs", """[{"id":"a","payload":"late"}]""")).AssertError(401, 0);

        Assert.Equal("{}", (await device.GetAsync("/info/collections")).AssertOk().Text);
    }

    [Fact]
    public async Task Write_ToAnotherStore_GoesOn()
    {
        using var closed = server.NewUser();
        using var device = server.NewUser();
        (await device.PutAsync("/storage/tabs/a", """{"payload":"1"}""")).AssertOk();

        await CloseAsync(closed);

        (await device.PutAsync("/storage/tabs/a", """{"payload":"2"}""")).AssertOk();
        (await device.DeleteAsync("/storage")).AssertOk();
    }

    [Fact]
    public async Task Writes_UnderWayWhileTheStoreIsClosed_AreDoneBeforeOrNotAtAll()
    {
        using var device = server.NewUser();
        (await device.PutAsync("/storage/tabs/0", """{"payload":"1"}""")).AssertOk();
        var isClosed = false;
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writing = Enumerable.Range(1, 6).Select(writer => Task.Run(async () =>
        {
            var written = new List<string>();
            while (true)
            {
                var id = $"{writer}-{written.Count}";
                var isLate = Volatile.Read(ref isClosed);
                var answer = await device.PutAsync($"/storage/tabs/{id}", """{"payload":"1"}""");
                if (answer.Status != 200)
                {
                    answer.AssertError(401, 0);
                    return written;
                }

                Assert.False(isLate, "It was written after the store was closed.");
                written.Add(id);
                begun.TrySetResult();
            }
        })).ToList();

        await Task.WhenAny([begun.Task, .. writing]);
        await CloseAsync(device);
        Volatile.Write(ref isClosed, true);
        var seen = await SeeAsync(device);
        var written = await Task.WhenAll(writing);

        Assert.Equal(seen, await SeeAsync(device));
        Assert.Equal(written.SelectMany(static ids => ids).Append("0").Order(), (await device.GetAsync("/storage/tabs")).Ids.Order());
    }

    private async Task CloseAsync(SyncClient device) => await server.Services.GetRequiredService<IAccountStore>().CloseAsync(device.Uid, default);

    /// <summary>All that the store shows.</summary>
    private static async Task<string> SeeAsync(SyncClient device) => string.Join(
        '\n',
        (await device.GetAsync("/info/collections")).AssertOk().Text,
        (await device.GetAsync("/info/collection_counts")).AssertOk().Text,
        (await device.GetAsync("/storage/tabs?full=1&sort=oldest")).AssertOk().Text,
        (await device.GetAsync("/storage/tabs")).AssertOk().LastModified);
}

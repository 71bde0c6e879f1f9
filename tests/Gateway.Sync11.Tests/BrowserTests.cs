namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>Browsers of one user, as Pale Moon syncs them.</summary>
[Collection(SharedServer.Name)]
public sealed class BrowserTests(WeaveServer server)
{
    private const string Password = "a good password";
    private static readonly string[] Engines = ["clients", "bookmarks", "history", "forms", "prefs", "tabs", "passwords", "addons"];

    [Fact]
    public async Task FirstSync_MakesKeysAndUploadsAll_AndASecondDeviceHasItByTheRecoveryKey()
    {
        var email = WeaveServer.NewAddress();
        using var first = await FirstAsync(email);
        for (var i = 0; i < 250; i++)
        {
            first.Change("history", $"h{i}", $"page {i}");
        }

        first.Change("bookmarks", "toolbar", "a folder");
        Assert.True(await first.SyncAsync(Engines));

        using var second = Second(email, first);
        Assert.True(await second.SyncAsync(Engines));

        Assert.Equal(251, second.Items.Count);
        Assert.Equal(first.Items, second.Items);
        Assert.Equal(first.BulkKey, second.BulkKey);
    }

    [Fact]
    public async Task Changes_GoFromDeviceToDevice_AndDeletionsToo()
    {
        var email = WeaveServer.NewAddress();
        using var first = await FirstAsync(email);
        first.Change("bookmarks", "a", "1");
        first.Change("bookmarks", "b", "1");
        Assert.True(await first.SyncAsync(Engines));
        using var second = Second(email, first);
        Assert.True(await second.SyncAsync(Engines));

        second.Change("bookmarks", "a", "2");
        second.Change("bookmarks", "b", null);
        second.Change("tabs", "second", "ä tab\nof two lines");
        Assert.True(await second.SyncAsync(Engines));
        Assert.True(await first.SyncAsync(Engines));

        Assert.Equal([(("bookmarks", "a"), "2"), (("tabs", "second"), "ä tab\nof two lines")], first.Items.Select(item => (item.Key, item.Value)).Order());
    }

    [Fact]
    public async Task Wipe_ByOneDevice_ReplacesKeysAndDataOfAll()
    {
        var email = WeaveServer.NewAddress();
        using var first = await FirstAsync(email);
        first.Change("bookmarks", "a", "1");
        first.Change("passwords", "p", "1");
        Assert.True(await first.SyncAsync(Engines));
        var before = first.BulkKey;

        first.Items.Remove(("passwords", "p"));
        await first.ReplaceAllAsync(Engines);
        using var second = Second(email, first);
        Assert.True(await second.SyncAsync(Engines));

        Assert.NotEqual(before, second.BulkKey);
        Assert.Equal([(("bookmarks", "a"), "1")], second.Items.Select(item => (item.Key, item.Value)));
    }

    [Fact]
    public async Task Password_ChangedOnOneDevice_Is401OnTheOther_UntilItIsEntered_AndNothingIsLost()
    {
        var email = WeaveServer.NewAddress();
        using var first = await FirstAsync(email);
        first.Change("bookmarks", "a", "1");
        Assert.True(await first.SyncAsync(Engines));
        using var second = Second(email, first);
        Assert.True(await second.SyncAsync(Engines));

        await first.ChangePasswordAsync("quite another password");
        second.Change("bookmarks", "b", "2");
        Assert.False(await second.SyncAsync(Engines));
        Assert.Equal([401], second.Failures);

        // Asks for its node again, though with the old password.
        Assert.False(await second.SyncAsync(Engines));
        Assert.Equal([401, 401], second.Failures);
        second.EnterPassword("quite another password");
        Assert.True(await second.SyncAsync(Engines));
        Assert.True(await first.SyncAsync(Engines));

        Assert.Equal("2", first.Items[("bookmarks", "b")]);
    }

    [Fact]
    public async Task Quota_IsWarnedOf_AndThenStopsUploads()
    {
        var own = await WeaveServer.StartAsync(options => options with { QuotaBytes = 20_000 });
        using var browser = new Browser(own.Address, WeaveServer.NewAddress(), Password);
        await browser.CreateAccountAsync();
        browser.Change("history", "a", new string('x', 10_000));
        Assert.True(await browser.SyncAsync(Engines));
        Assert.InRange(browser.QuotaLeft!.Value, 8, 10);

        browser.Change("history", "b", new string('x', 12_000));
        Assert.False(await browser.SyncAsync(Engines));

        Assert.Equal([14], browser.Failures);
        await own.DisposeAsync();
    }

    private async Task<Browser> FirstAsync(string email)
    {
        var browser = new Browser(server.Address, email, Password);
        await browser.CreateAccountAsync();
        return browser;
    }

    private Browser Second(string email, Browser first) => new(server.Address, email, Password) { RecoveryKey = first.RecoveryKey };
}

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>X-If-Modified-Since and X-If-Unmodified-Since, against records, collections and the storage.</summary>
[Collection(SharedServer.Name)]
public sealed class PreconditionTests(SyncServer server)
{
    private const string Modified = "X-If-Modified-Since";
    private const string Unmodified = "X-If-Unmodified-Since";

    [Fact]
    public async Task Reads_OfWhatHasNotChanged_Are304_WithItsTime()
    {
        using var device = server.NewUser();
        await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""");
        await device.PutAsync("/storage/tabs/b", """{"payload":"x"}""");

        foreach (var path in new[] { "/storage/tabs/a", "/storage/tabs", "/info/collections", "/info/collection_counts", "/info/quota" })
        {
            var now = (await device.GetAsync(path)).AssertOk();
            var same = await device.GetAsync(path, (Modified, now.LastModified));
            Assert.Equal((304, now.LastModified, ""), (same.Status, same.LastModified, same.Text));
            (await device.GetAsync(path, (Modified, Before(now)))).AssertOk();
            (await device.GetAsync(path, (Unmodified, now.LastModified))).AssertOk();
            Assert.Equal(now.LastModified, (await device.GetAsync(path, (Unmodified, Before(now)))).AssertError(412, 0).LastModified);
        }
    }

    [Fact]
    public async Task Writes_OfWhatHasChanged_Are412_AndChangeNothing()
    {
        using var device = server.NewUser();
        var a = await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""");
        var b = await device.PutAsync("/storage/tabs/b", """{"payload":"x"}""");

        // The record's own time, not the collection's.
        Assert.Equal(a.LastModified, (await device.PutAsync("/storage/tabs/a", """{"payload":"y"}""", (Unmodified, Before(a)))).AssertError(412, 0).LastModified);
        Assert.Equal(a.LastModified, (await device.DeleteAsync("/storage/tabs/a", (Unmodified, Before(a)))).AssertError(412, 0).LastModified);

        // The collection's.
        Assert.Equal(b.LastModified, (await device.PostAsync("/storage/tabs", """[{"id":"c"}]""", (Unmodified, a.LastModified))).AssertError(412, 0).LastModified);
        (await device.DeleteAsync("/storage/tabs?ids=a", (Unmodified, a.LastModified))).AssertError(412, 0);
        (await device.DeleteAsync("/storage/tabs", (Unmodified, a.LastModified))).AssertError(412, 0);

        // The storage's.
        (await device.DeleteAsync("/storage", (Unmodified, a.LastModified))).AssertError(412, 0);
        Assert.Equal(["b", "a"], (await device.GetAsync("/storage/tabs")).Ids);
        Assert.Equal(b.LastModified, (await device.GetAsync("/storage/tabs")).LastModified);

        (await device.PutAsync("/storage/tabs/a", """{"payload":"y"}""", (Unmodified, a.LastModified))).AssertOk();
        var c = (await device.PutAsync("/storage/tabs/c", """{"payload":"y"}""", (Unmodified, "0"))).AssertOk();
        (await device.PutAsync("/storage/tabs/c", """{"payload":"z"}""", (Unmodified, "0"))).AssertError(412, 0);
        (await device.PostAsync("/storage/tabs", """[{"id":"d"},{"id":"e"}]""", (Unmodified, c.LastModified))).AssertOk();
        (await device.PostAsync("/storage/new", """[{"id":"d"},{"id":"e"}]""", (Unmodified, "0.0"))).AssertOk();
    }

    [Fact]
    public async Task Headers_ThatAreNone_OrBoth_Are400()
    {
        using var device = server.NewUser();
        foreach (var value in new[] { "-1", "x", "NaN", "" })
        {
            (await device.GetAsync("/storage/tabs", (Modified, value))).AssertError(400, 1);
            (await device.PutAsync("/storage/tabs/a", "{}", (Unmodified, value))).AssertError(400, 1);
        }

        (await device.GetAsync("/info/collections", (Modified, "1"), (Unmodified, "1"))).AssertError(400, 1);
    }

    [Fact]
    public async Task Writers_WithOneTime_OneWins()
    {
        using var device = server.NewUser();
        var start = await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ =>
            device.PostAsync("/storage/tabs", """[{"id":"a","payload":"y"}]""", (Unmodified, start.LastModified))));

        Assert.Equal(1, answers.Count(answer => answer.Status == 200));
        Assert.Equal(19, answers.Count(answer => answer.Status == 412));
    }

    private static string Before(SyncAnswer answer) => $"{(answer.Stamp - 1) / 100}.{(answer.Stamp - 1) % 100:00}";
}

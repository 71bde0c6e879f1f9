using System.Globalization;
using Lockstep.Gateway.Sync15.Tests.TokenServer;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Sync15.Tests.Phones;

/// <summary>Firefox on phones: from TokenServer to the last record, as its client does it.</summary>
public sealed class PhoneTests(TokenServers servers) : IClassFixture<TokenServers>
{
    private const long KeysChanged = 1795306919696;
    private const string Fingerprint = "1346889a67fdb826fdc7046aa7fa9ba5";
    private static readonly string Key = TokenServers.Key(KeysChanged, Fingerprint);
    private static int lastUser;

    [Fact]
    public async Task FirstSync_OfAnEmptyAccount_StartsFresh_AndTheNextOneAsksForNoMoreThanItMust()
    {
        using var phone = NewPhone(servers, NewUser(), "one", new PhoneEngine("passwords"), new PhoneEngine("history") { Lifetime = 60 * 86_400 });
        phone.Engine("passwords").Set("a", "secret");

        await phone.SyncAsync();

        Assert.Equal(
            [
                "GET /info/configuration", "GET /info/collections", "GET /storage/meta/global",
                "DELETE ", "PUT /storage/meta/global", "PUT /storage/crypto/keys",
                "GET /info/collections", "GET /storage/meta/global", "GET /storage/crypto/keys",
                "GET /storage/clients?full=1", "POST /storage/clients?batch=true&commit=true", "POST /storage/passwords?batch=true&commit=true",
            ],
            phone.Requests);
        Assert.All(phone.Conditions, static condition => Assert.Equal("0", condition.Value));

        phone.Requests.Clear();
        await phone.SyncAsync();
        Assert.Equal(["GET /info/collections", "GET /storage/clients?full=1"], phone.Requests);
    }

    [Fact]
    public async Task SecondDevice_DownloadsAll_AndTheFirstOneGetsWhatItSends()
    {
        var user = NewUser();
        using var one = NewPhone(servers, user, "one", new PhoneEngine("bookmarks"), new PhoneEngine("history") { Limit = 2 });
        using var two = NewPhone(servers, user, "two", new PhoneEngine("bookmarks"), new PhoneEngine("history") { Limit = 2 });
        foreach (var id in new[] { "a", "b c,/", "c" })
        {
            one.Engine("bookmarks").Set(id, $"text ü of {id}");
            one.Engine("history").Set(id, "text");
        }

        await one.SyncAsync();
        await two.SyncAsync();

        Assert.Equal(one.Engine("bookmarks").Records, two.Engine("bookmarks").Records);
        Assert.Equal(2, two.Engine("history").Records.Count);
        Assert.Contains("GET /storage/bookmarks?full=1&newer=0", two.Requests);
        Assert.Contains("GET /storage/history?full=1&newer=0&sort=newest&limit=2", two.Requests);
        Assert.DoesNotContain("DELETE ", two.Requests);
        Assert.Equal(["one", "two"], two.Clients.Order(StringComparer.Ordinal));

        var before = one.Engine("bookmarks").LastSync;
        two.Engine("bookmarks").Set("d", "new");
        await two.SyncAsync();
        one.Requests.Clear();
        await one.SyncAsync();
        Assert.Equal(
            ["GET /info/collections", "GET /storage/clients?full=1", $"GET /storage/bookmarks?full=1&newer={PhoneTime.Text(before)}"], one.Requests);
        Assert.Equal("new", one.Engine("bookmarks").Records["d"]);
        Assert.Equal(["one", "two"], one.Clients.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Download_OfMoreThanTheServerHoldsAtATime_IsWhole_WithoutAPage()
    {
        var user = NewUser();
        using var one = NewPhone(servers, user, "one", new PhoneEngine("passwords"));
        using var two = NewPhone(servers, user, "two", new PhoneEngine("passwords"));
        for (var i = 0; i < 1_050; i++)
        {
            one.Engine("passwords").Set(i.ToString("0000", CultureInfo.InvariantCulture), "x");
        }

        await one.SyncAsync();
        await two.SyncAsync();

        Assert.Equal(11, one.Requests.Count(static request => request.StartsWith("POST /storage/passwords", StringComparison.Ordinal)));
        Assert.Equal(1_050, two.Engine("passwords").Records.Count);
    }

    [Fact]
    public async Task FreshStart_ByAnotherDevice_IsNoticed_AndNothingOfEitherIsLost()
    {
        var user = NewUser();
        using var one = NewPhone(servers, user, "one", new PhoneEngine("bookmarks"));
        using var two = NewPhone(servers, user, "two", new PhoneEngine("bookmarks"));
        one.Engine("bookmarks").Set("a", "of one");
        await one.SyncAsync();
        await two.SyncAsync();
        one.Engine("bookmarks").Set("b", "of one, later");
        await one.SyncAsync();
        var before = one.SyncId;

        // The keys are lost. Whoever looks for them first deletes all.
        using (var device = await servers.DeviceAsync(user, 0, KeysChanged, Fingerprint))
        {
            (await device.DeleteAsync("/storage/crypto/keys")).AssertOk();
        }

        await two.SyncAsync();
        Assert.Contains("DELETE ", two.Requests);
        one.Requests.Clear();
        await one.SyncAsync();

        Assert.NotEqual(before, one.SyncId);
        Assert.Equal(two.SyncId, one.SyncId);
        Assert.DoesNotContain("DELETE ", one.Requests);
        Assert.Contains("GET /storage/bookmarks?full=1&newer=0", one.Requests);
        await two.SyncAsync();
        Assert.Equal("of one, later", two.Engine("bookmarks").Records["b"]);
        using var three = NewPhone(servers, user, "three", new PhoneEngine("bookmarks"));
        await three.SyncAsync();
        Assert.Equal(one.Engine("bookmarks").Records, three.Engine("bookmarks").Records);
    }

    [Fact]
    public async Task Upload_OfMoreThanABatchMayHold_IsSentInParts_AsTheConfigurationSays()
    {
        await using var small = new Owned(await TokenServers.StartAsync(static options => options with { MaxPostRecords = 3, MaxTotalRecords = 7 }));
        var user = NewUser();
        using var one = NewPhone(small.Servers, user, "one", new PhoneEngine("passwords"));
        for (var i = 0; i < 17; i++)
        {
            one.Engine("passwords").Set($"{i:00}", $"text {i}");
        }

        var seen = new List<int>();
        using var reader = await small.Servers.DeviceAsync(user, 0, KeysChanged, Fingerprint);
        one.Before = async request =>
        {
            if (request.StartsWith("POST /storage/passwords", StringComparison.Ordinal))
            {
                seen.Add((await reader.GetAsync("/storage/passwords")).Ids.Count());
            }
        };
        await one.SyncAsync();

        var posts = one.Requests.Where(static request => request.StartsWith("POST /storage/passwords", StringComparison.Ordinal)).Select(static request => request["POST /storage/passwords".Length..]).ToList();
        Assert.Equal(7, posts.Count);
        Assert.All([posts[0], posts[3]], static post => Assert.Equal("?batch=true", post));
        Assert.All([posts[2], posts[5]], static post => Assert.Matches("^[?]batch=[^&]+&commit=true$", post));
        Assert.Equal("?batch=true&commit=true", posts[6]);
        Assert.Equal(posts[1] + "&commit=true", posts[2]);

        // Nothing of a batch is seen before its end.
        Assert.Equal([0, 0, 0, 7, 7, 7, 14], seen);
        using var two = NewPhone(small.Servers, user, "two", new PhoneEngine("passwords"));
        await two.SyncAsync();
        Assert.Equal(one.Engine("passwords").Records, two.Engine("passwords").Records);
    }

    [Fact]
    public async Task Upload_CutByBytes_IsTaken_AndWhatIsTooLargeIsNotSent()
    {
        await using var small = new Owned(await TokenServers.StartAsync(static options => options with
        {
            MaxRecordPayloadBytes = 2_000, MaxPostBytes = 3_000, MaxRequestBytes = 4_000, MaxTotalBytes = 8_000,
        }));
        var user = NewUser();
        using var one = NewPhone(small.Servers, user, "one", new PhoneEngine("passwords"));
        for (var i = 0; i < 20; i++)
        {
            one.Engine("passwords").Set($"{i:00}", new string('x', 40 * i));
        }

        await one.SyncAsync();
        using var two = NewPhone(small.Servers, user, "two", new PhoneEngine("passwords"));
        await two.SyncAsync();
        Assert.Equal(one.Engine("passwords").Records, two.Engine("passwords").Records);

        one.Engine("passwords").Set("large", new string('x', 2_000));
        Assert.Contains("too large", (await Assert.ThrowsAsync<PhoneFault>(one.SyncAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Engine_ThatIsTurnedOff_IsDeleted_AndOtherDevicesTurnItOffToo()
    {
        var user = NewUser();
        using var one = NewPhone(servers, user, "one", new PhoneEngine("passwords"), new PhoneEngine("addresses"));
        using var two = NewPhone(servers, user, "two", new PhoneEngine("passwords"), new PhoneEngine("addresses"));
        one.Engine("addresses").Set("home", "here");
        one.Engine("passwords").Set("a", "secret");
        await one.SyncAsync();
        await two.SyncAsync();

        one.Decline("addresses");
        one.Requests.Clear();
        await one.SyncAsync();

        Assert.Equal(["PUT /storage/meta/global", "DELETE /storage/addresses"], one.Requests.Where(static request => !request.StartsWith("GET", StringComparison.Ordinal)));
        using var device = await servers.DeviceAsync(user, 0, KeysChanged, Fingerprint);
        Assert.Equal(
            ["clients", "crypto", "meta", "passwords"],
            (await device.GetAsync("/info/collections")).Json.EnumerateObject().Select(static item => item.Name).Order(StringComparer.Ordinal));
        two.Engine("addresses").Set("work", "there");
        two.Requests.Clear();
        await two.SyncAsync();
        Assert.Equal(["addresses"], two.Declined);
        Assert.DoesNotContain(two.Requests, static request => request.Contains("addresses", StringComparison.Ordinal));

        // Once more, where nothing is to be deleted.
        two.Decline("addresses");
        await two.SyncAsync();
        Assert.Contains("DELETE /storage/addresses", two.Requests);
    }

    [Fact]
    public async Task Collection_ThatWasDeletedElsewhere_IsReadAsEmpty_AndWrittenAgain()
    {
        var user = NewUser();
        using var one = NewPhone(servers, user, "one", new PhoneEngine("tabs"));
        one.Engine("tabs").Set("one", "pages");
        await one.SyncAsync();
        using var device = await servers.DeviceAsync(user, 0, KeysChanged, Fingerprint);
        (await device.DeleteAsync("/storage/tabs")).AssertOk();

        await one.SyncAsync();
        Assert.StartsWith("GET /storage/tabs?full=1&newer=", one.Requests[^1], StringComparison.Ordinal);
        one.Engine("tabs").Set("one", "other pages");
        await one.SyncAsync();
        Assert.Equal(("POST /storage/tabs?batch=true&commit=true", "0"), one.Conditions[^1]);
        Assert.Equal(["one"], (await device.GetAsync("/storage/tabs")).Ids);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Clock_WrongByAlmost52Weeks_SyncsAllTheSame(int direction)
    {
        var user = NewUser();
        using var one = NewPhone(servers, user, "one", new PhoneEngine("passwords"));
        one.Skew = direction * ((52 * 7 * 86_400) - 3_600);
        one.Engine("passwords").Set("a", "secret");
        await one.SyncAsync();
        one.Engine("passwords").Set("b", "secret");
        await one.SyncAsync();

        using var two = NewPhone(servers, user, "two", new PhoneEngine("passwords"));
        await two.SyncAsync();
        Assert.Equal(one.Engine("passwords").Records, two.Engine("passwords").Records);
    }

    [Fact]
    public async Task Change_ByAnotherDeviceInBetween_Is412_AndTheNextSyncHasBoth()
    {
        var user = NewUser();
        using var one = NewPhone(servers, user, "one", new PhoneEngine("passwords"));
        using var two = NewPhone(servers, user, "two", new PhoneEngine("passwords"));
        one.Engine("passwords").Set("a", "first");
        await one.SyncAsync();
        await two.SyncAsync();
        one.Engine("passwords").Set("b", "of one");
        two.Engine("passwords").Set("a", "of two");
        one.Before = async request =>
        {
            if (request.StartsWith("POST /storage/passwords", StringComparison.Ordinal))
            {
                one.Before = static _ => Task.CompletedTask;
                await two.SyncAsync();
            }
        };

        Assert.Equal(412, (await Assert.ThrowsAsync<PhoneFault>(one.SyncAsync)).Status);
        Assert.Equal(["b"], one.Engine("passwords").Changed);
        await one.SyncAsync();
        await two.SyncAsync();

        Assert.Empty(one.Engine("passwords").Changed);
        Assert.Equal([KeyValuePair.Create("a", "of two"), KeyValuePair.Create("b", "of one")], one.Engine("passwords").Records);
        Assert.Equal(one.Engine("passwords").Records, two.Engine("passwords").Records);
    }

    [Fact]
    public async Task Token_ThatHasEnded_Is401_AndTheNextSyncTakesAnother()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        await using var own = new Owned(await TokenServers.StartAsync(time: time));
        var (user, tokens) = (NewUser(), 0);
        using var phone = NewPhone(own.Servers, user, "one", () => tokens++, new PhoneEngine("passwords"));
        await phone.SyncAsync();
        phone.Engine("passwords").Set("a", "secret");

        // The phone's clock stands still: by that the token has not ended.
        time.Advance(TimeSpan.FromHours(2));
        phone.Skew -= 7_200;
        phone.Requests.Clear();
        Assert.Equal(401, (await Assert.ThrowsAsync<PhoneFault>(phone.SyncAsync)).Status);
        Assert.Equal(["GET /info/collections", "GET /storage/clients?full=1"], phone.Requests);
        Assert.Equal(1, tokens);
        await phone.SyncAsync();

        Assert.Equal(2, tokens);
        Assert.Empty(phone.Engine("passwords").Changed);

        // And by its own clock.
        await phone.SyncAsync();
        Assert.Equal(2, tokens);
        time.Advance(TimeSpan.FromHours(2));
        await phone.SyncAsync();
        Assert.Equal(3, tokens);
    }

    private static string NewUser() => $"phone{Interlocked.Increment(ref lastUser)}";

    private static Phone NewPhone(TokenServers servers, string user, string id, params PhoneEngine[] engines) => NewPhone(servers, user, id, static () => { }, engines);

    private static Phone NewPhone(TokenServers servers, string user, string id, Action asks, params PhoneEngine[] engines) => new(
        id,
        servers.Sync.Address,
        () =>
        {
            asks();
            return servers.AskAsync(servers.Accounts.Opaque(user), Key);
        },
        servers.Time,
        engines);
}

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>POST of records, limits and quota.</summary>
[Collection(SharedServer.Name)]
public sealed class PostTests(WeaveServer server)
{
    [Fact]
    public async Task Post_OfRecords_SaysWhichWereStored_AndAPutDoesTheSame()
    {
        using var device = await server.NewUserAsync();

        var posted = (await device.PostAsync("/storage/history", $"[{WeaveClient.Wbo("a", "1")},{WeaveClient.Wbo("b", "2")}]")).AssertOk();
        var put = (await device.PutAsync("/storage/history", $"[{WeaveClient.Wbo("c", "3")}]")).AssertOk();
        var none = (await device.PostAsync("/storage/forms", "[]")).AssertOk();

        Assert.Equal($$$"""{"modified":{{{posted.Timestamp}}},"success":["a","b"],"failed":{}}""", posted.Text);
        Assert.Equal($$$"""{"modified":{{{put.Timestamp}}},"success":["c"],"failed":{}}""", put.Text);
        Assert.Equal($$$"""{"modified":{{{none.Timestamp}}},"success":[],"failed":{}}""", none.Text);
        Assert.Equal(["history"], (await device.GetAsync("/info/collections")).Json.EnumerateObject().Select(member => member.Name));
    }

    /// <summary>Each of a million bad ones would cost more than it has bytes.</summary>
    [Fact]
    public async Task Post_OfTenTimesTheLimitAndMore_IsNotLookedAt()
    {
        using var device = await server.NewUserAsync();

        Assert.Equal(1_000, (await device.PostAsync("/storage/history", $"[{string.Join(',', Enumerable.Repeat("1", 1_000))}]")).AssertOk().Json.GetProperty("failed").GetProperty("").GetArrayLength());
        (await device.PostAsync("/storage/history", $"[{string.Join(',', Enumerable.Repeat("1", 1_001))}]")).AssertError(8);
    }

    [Fact]
    public async Task Post_WithBadRecords_StoresTheGoodOnes_AndGivesReasons()
    {
        using var device = await server.NewUserAsync();

        var posted = (await device.PostAsync(
            "/storage/history",
            """
            [{"id":"a","payload":1},{"id":"b","sortindex":"x"},{"id":"c","ttl":-1},{"id":"d","parentid":{}},{"id":"e","predecessorid":[]},
             {"payload":"x"},{"id":"","payload":"x"},42,{"id":7,"payload":"x"},{"id":"good","payload":"x"},
             {"id":"12345678901234567890123456789012345678901234567890123456789012345","payload":"x"},{"id":["a"],"payload":"x"}]
            """)).AssertOk().Json;

        Assert.Equal("""["7","good"]""", posted.GetProperty("success").GetRawText());
        var failed = posted.GetProperty("failed").EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetRawText());
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["a"] = "[\"payload not a string\"]",
                ["b"] = "[\"invalid sortindex\"]",
                ["c"] = "[\"invalid ttl\"]",
                ["d"] = "[\"invalid parentid\"]",
                ["e"] = "[\"invalid predecessorid\"]",
                [""] = "[\"invalid id\",\"invalid id\",\"invalid wbo\",\"invalid id\",\"invalid id\"]",
            },
            failed);
        Assert.Equal(["7", "good"], (await device.GetAsync("/storage/history")).Ids.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("no json", 6)]
    [InlineData("[{\"id\":\"a\"},", 6)]
    [InlineData("\"text\"", 8)]
    [InlineData("{}", 8)]
    [InlineData("{\"id\":\"a/b\",\"payload\":\"x\"}", 8)]
    [InlineData("{\"id\":\"a\",\"payload\":1}", 8)]
    public async Task Post_OfNoRecords_IsItsNumber_AndStoresNothing(string body, int code)
    {
        using var device = await server.NewUserAsync();

        (await device.PostAsync("/storage/history", body)).AssertError(code);

        Assert.Equal("{}", (await device.GetAsync("/info/collections")).Text);
    }

    [Fact]
    public async Task Post_OfOneObject_IsAPutOfItsId()
    {
        using var device = await server.NewUserAsync();

        (await device.PostAsync("/storage/history", WeaveClient.Wbo("a", "x"))).AssertWritten();

        Assert.Equal(["a"], (await device.GetAsync("/storage/history")).Ids);
    }

    [Fact]
    public async Task Post_OverTheLimits_FailsWhatIsTooMuch_SoThatItCanBeSentAgain()
    {
        using var device = await server.NewUserAsync();
        var large = new string('x', 256 << 10);

        var records = (await device.PostAsync("/storage/a", $"[{string.Join(',', Enumerable.Range(0, 102).Select(i => WeaveClient.Wbo($"r{i}", "x")))}]")).AssertOk().Json;
        var bytes = (await device.PostAsync("/storage/b", $"[{string.Join(',', Enumerable.Range(0, 5).Select(i => WeaveClient.Wbo($"r{i}", large)))},{WeaveClient.Wbo("over", large + "x")}]")).AssertOk().Json;

        Assert.Equal(100, records.GetProperty("success").GetArrayLength());
        Assert.Equal("""{"r100":["retry wbo"],"r101":["retry wbo"]}""", records.GetProperty("failed").GetRawText());
        Assert.Equal("""["r0","r1","r2","r3"]""", bytes.GetProperty("success").GetRawText());
        Assert.Equal("""{"r4":["retry bytes"],"over":["payload too large"]}""", bytes.GetProperty("failed").GetRawText());
    }

    [Fact]
    public async Task Post_OfMuchMoreThanTheLimits_IsToldWhatToSendAgain_AndAllGetsThere()
    {
        using var device = await server.NewUserAsync();
        var large = new string('x', 200_000);
        var left = Enumerable.Range(0, 40).Select(i => $"r{i}").ToList();

        // 8 million bytes, which clients send in one POST: they count records alone.
        while (left.Count > 0)
        {
            var answer = (await device.PostAsync("/storage/a", $"[{string.Join(',', left.Select(id => WeaveClient.Wbo(id, large)))}]")).AssertOk().Json;
            Assert.All(answer.GetProperty("failed").EnumerateObject(), static failure => Assert.Equal("""["retry bytes"]""", failure.Value.GetRawText()));
            Assert.Equal(left.Count, answer.GetProperty("success").GetArrayLength() + answer.GetProperty("failed").EnumerateObject().Count());
            Assert.NotEqual(0, answer.GetProperty("success").GetArrayLength());
            left = [.. answer.GetProperty("failed").EnumerateObject().Select(static failure => failure.Name)];
        }

        Assert.Equal(40, (await device.GetAsync("/storage/a")).Ids.Count());
    }

    [Fact]
    public void Limits_ThatNoClientCouldKeep_AreProblems()
    {
        Assert.Empty(new Sync11Options().Problems());
        Assert.Contains("MaxPostBytes is less than", Assert.Single(new Sync11Options { MaxPostBytes = 1000 }.Problems()), StringComparison.Ordinal);
        Assert.Contains("MaxRequestBytes is less than", Assert.Single(new Sync11Options { MaxRequestBytes = 1000 }.Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quota_ThatIsFull_Is14_AndIsToldBefore()
    {
        var own = await WeaveServer.StartAsync(options => options with { QuotaBytes = 1000 });
        using var device = await own.NewUserAsync();

        var put = (await device.PutAsync("/storage/history/a", WeaveClient.Wbo("a", new string('x', 744)))).AssertWritten();
        Assert.Equal("0.25", put.Headers["X-Weave-Quota-Remaining"]);
        var posted = (await device.PostAsync("/storage/history", $"[{WeaveClient.Wbo("b", new string('x', 128))}]")).AssertOk();
        Assert.Equal("0.125", posted.Headers["X-Weave-Quota-Remaining"]);

        (await device.PutAsync("/storage/history/c", WeaveClient.Wbo("c", new string('x', 129)))).AssertError(14);
        (await device.PostAsync("/storage/history", $"[{WeaveClient.Wbo("c", new string('x', 129))}]")).AssertError(14);

        // What is wrong with the request itself is told before, and that somebody else has written.
        (await device.PutAsync("/storage/history/c", "no json")).AssertError(6);
        (await device.PutAsync("/storage/history/c", WeaveClient.Wbo("c", new string('x', 129)), ("X-If-Unmodified-Since", put.Text))).AssertStatus(412);
        Assert.Equal("[0.8515625,0.9765625]", (await device.GetAsync("/info/quota")).Text);
        (await device.DeleteAsync("/storage/history/a")).AssertWritten();
        (await device.PutAsync("/storage/history/c", WeaveClient.Wbo("c", new string('x', 129)))).AssertWritten();
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Quota_OfNothing_IsNoLimit()
    {
        var own = await WeaveServer.StartAsync(options => options with { QuotaBytes = 0 });
        using var device = await own.NewUserAsync();

        var put = (await device.PutAsync("/storage/history/a", WeaveClient.Wbo("a", "x"))).AssertWritten();

        Assert.False(put.Headers.ContainsKey("X-Weave-Quota-Remaining"));
        Assert.Equal("[0.0009765625,null]", (await device.GetAsync("/info/quota")).Text);
        await own.DisposeAsync();
    }

    [Fact]
    public async Task Posts_OfManyDevicesAtOnce_LoseNothing()
    {
        using var device = await server.NewUserAsync();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            using var other = new WeaveClient(server.Address, device.Name, device.Password);
            for (var i = 0; i < 5; i++)
            {
                (await other.PostAsync("/storage/history", $"[{string.Join(',', Enumerable.Range(0, 10).Select(n => WeaveClient.Wbo($"w{writer}-{i}-{n}", "x")))}]")).AssertOk();
            }
        }));

        Assert.Equal(400, (await device.GetAsync("/storage/history")).Ids.Distinct().Count());
        Assert.Equal("""{"history":400}""", (await device.GetAsync("/info/collection_counts")).Text);
    }

    /// <summary>Each reads what is there, and writes only if nobody has written since.</summary>
    [Fact]
    public async Task Puts_OfManyDevicesAtOnce_ThatLookWhetherSomebodyElseWasFaster_LoseNothing()
    {
        const int writers = 6;
        const int times = 5;
        using var device = await server.NewUserAsync();
        (await device.PutAsync("/storage/prefs/count", WeaveClient.Wbo("count", "0"))).AssertWritten();

        await Task.WhenAll(Enumerable.Range(0, writers).Select(async _ =>
        {
            using var other = new WeaveClient(server.Address, device.Name, device.Password);
            for (var done = 0; done < times;)
            {
                var read = (await other.GetAsync("/storage/prefs/count")).AssertOk().Json;
                var next = int.Parse(read.GetProperty("payload").GetString()!, System.Globalization.CultureInfo.InvariantCulture) + 1;
                var put = await other.PutAsync("/storage/prefs/count", WeaveClient.Wbo("count", $"{next}"), ("X-If-Unmodified-Since", read.GetProperty("modified").GetRawText()));
                done += (put.Status == 412 ? put : put.AssertWritten()).Status == 200 ? 1 : 0;
            }
        }));

        Assert.Equal($"{writers * times}", (await device.GetAsync("/storage/prefs/count")).Json.GetProperty("payload").GetString());
    }

    [Fact]
    public async Task Quota_IsNotPassed_ByManyDevicesAtOnce()
    {
        var own = await WeaveServer.StartAsync(options => options with { QuotaBytes = 1000 });
        using var device = await own.NewUserAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
        {
            using var other = new WeaveClient(own.Address, device.Name, device.Password);
            return await other.PutAsync($"/storage/history/{i}", WeaveClient.Wbo($"{i}", new string('x', 300)));
        }));

        Assert.Equal(3, answers.Count(static answer => answer.Status == 200));
        Assert.All(answers.Where(static answer => answer.Status != 200), static answer => answer.AssertError(14));
        Assert.Equal("""{"history":3}""", (await device.GetAsync("/info/collection_counts")).Text);
        await own.DisposeAsync();
    }
}

using System.Net;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Kinto.Live;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>Streams of changes, over HTTP. Each test has users and a bucket of its own.</summary>
public sealed class LiveTests(LiveTests.Server server) : IClassFixture<LiveTests.Server>, IAsyncLifetime
{
    private const string Password = "s3cr3t";

    private readonly string bucket = $"/buckets/live-{Guid.NewGuid():N}";
    private readonly string owner = $"alice-{Guid.NewGuid():N}";
    private readonly string guest = $"bob-{Guid.NewGuid():N}";
    private readonly List<IDisposable> opened = [];
    private KintoClient alice = null!;

    public sealed class Server() : KintoServer(static options => options with { Http = options.Http with { MaxStreamsPerUser = 16 }, Kinto = options.Kinto with { Flush = true } });

    private string Collection => bucket + "/collections/c";

    private string Records => Collection + "/records";

    public async Task InitializeAsync()
    {
        await server.AddAccountAsync(owner, Password);
        await server.AddAccountAsync(guest, Password);
        alice = server.As(owner, Password);
        Assert.Equal(201, (await alice.PutAsync(bucket, "{}")).Status);
        Assert.Equal(201, (await alice.PutAsync(Collection, "{}")).Status);
    }

    public Task DisposeAsync()
    {
        opened.ForEach(static one => one.Dispose());
        alice.Dispose();
        return Task.CompletedTask;
    }

    [Theory]
    [InlineData("text/event-stream", true)]
    [InlineData("text/event-stream, application/json", true)]
    [InlineData("text/event-stream, */*;q=0.1", true)]
    [InlineData("application/json, text/event-stream", false)]
    [InlineData("application/json;q=0.5, text/event-stream", true)]
    [InlineData("*/*, text/event-stream", false)]
    [InlineData("text/event-stream;q=0", false)]
    [InlineData("text/event-stream;q=0.2, application/json;q=0.3", false)]
    [InlineData("application/json", false)]
    [InlineData("text/html", false)]
    public void Accept_AsksForAStream_WhereThatIsWantedMoreThanJson(string accept, bool isStream) => Assert.Equal(isStream, EventStreams.IsPreferred(accept));

    [Fact]
    public async Task Stream_TellsWhatIsWrittenAndDeleted_InOrder_AndNothingFromBefore()
    {
        await alice.PutAsync(Records + "/old", """{"data":{"n":0}}""");
        var stream = await OpenAsync(owner, Records);

        var put = await alice.PutAsync(Records + "/a", """{"data":{"n":1,"deep":{ "x" : "y\n" }}}""");
        var first = await stream.NextAsync();
        var gone = await alice.DeleteAsync(Records + "/old");
        var second = await stream.NextAsync();

        Assert.Equal(("", $"{Records}/a", "a", put.Stamp, $"{put.Stamp}"), (first.Name, first.Path, first.Record, first.Stamp, first.Id));
        Assert.Equal(1, first.Json.GetProperty("data").GetProperty("n").GetInt32());
        Assert.Equal((true, "old", gone.Stamp, $"{gone.Stamp}"), (second.IsDeletion, second.Record, second.Stamp, second.Id));
        Assert.InRange(stream.Retry, 1, 4_500);
    }

    [Fact]
    public async Task Stream_OfWhatWasStoredOnSeveralLines_IsOneEventALine()
    {
        var stream = await OpenAsync(owner, Records);

        await alice.PutAsync(Records + "/a", "{\"data\":{\"deep\":{\n\"x\":\r\n1},\"n\":2}}");

        var change = await stream.NextAsync();
        Assert.Equal((1, 2), (change.Json.GetProperty("data").GetProperty("deep").GetProperty("x").GetInt32(), change.Json.GetProperty("data").GetProperty("n").GetInt32()));
    }

    [Fact]
    public async Task Stream_ThatIsResumed_TellsWhatWasMissed_OnceAndInOrder()
    {
        var stream = await OpenAsync(owner, Records);
        await alice.PutAsync(Records + "/a", """{"data":{}}""");
        await stream.NextAsync();
        var last = stream.LastId;
        stream.Dispose();
        foreach (var id in new[] { "b", "a", "c", "b" })
        {
            await alice.PutAsync($"{Records}/{id}", """{"data":{}}""");
        }

        await alice.DeleteAsync(Records + "/c");
        stream = await OpenAsync(owner, Records, last);

        Assert.Equal(["a", "b", "c"], (await stream.UntilAsync("c")).Select(change => change.Record));
        stream.Dispose();
        stream = await OpenAsync(owner, Records, stream.LastId);
        await alice.PutAsync(Records + "/end", """{"data":{}}""");
        Assert.Equal("end", (await stream.NextAsync()).Record);
    }

    [Fact]
    public async Task Stream_ThatIsCutOffAnywhere_GoesOnFromThere()
    {
        var start = (await alice.GetAsync(Records)).Stamp;
        for (var i = 0; i < 12; i++)
        {
            await alice.PutAsync($"{Records}/r{i:00}", """{"data":{}}""");
        }

        var (last, told) = ($"{start}", new List<string>());
        for (var reads = 0; reads < 12; reads++)
        {
            using var stream = await OpenAsync(owner, Records, last);
            told.Add((await stream.NextAsync()).Record);
            last = stream.LastId;
        }

        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"r{i:00}"), told);
    }

    [Fact]
    public async Task Since_OfNothing_TellsAllThereIs_AndFieldsShowThese()
    {
        for (var i = 0; i < 3; i++)
        {
            await alice.PutAsync($"{Records}/r{i}", $$$"""{"data":{"n":{{{i}}},"m":7}}""");
        }

        var stream = await OpenAsync(owner, Records + "?_since=0&_fields=n");

        var events = await stream.UntilAsync("r2");
        Assert.Equal(["r0", "r1", "r2"], events.Select(change => change.Record));
        Assert.All(events, change => Assert.Equal(["id", "last_modified", "n"], change.Json.GetProperty("data").EnumerateObject().Select(field => field.Name)));
    }

    [Fact]
    public async Task Stream_OfMoreThanAPage_TellsAllOfIt()
    {
        const int count = 1_100;
        for (var i = 0; i < count; i += 25)
        {
            var parts = Enumerable.Range(i, 25).Select(n => $$$"""{"method":"PUT","path":"{{{Records}}}/r{{{n:0000}}}","body":{"data":{"n":{{{n}}} } } }""");
            Assert.Equal(200, (await alice.PostAsync("/batch", $$"""{"requests":[{{string.Join(',', parts)}}]}""")).Status);
        }

        var stream = await OpenAsync(owner, Records + "?_since=0");

        Assert.Equal(Enumerable.Range(0, count).Select(i => $"r{i:0000}"), (await stream.UntilAsync($"r{count - 1:0000}")).Select(change => change.Record));
    }

    [Fact]
    public async Task Collection_ThatIsDeletedAndMadeAgain_IsToldAnew()
    {
        // A personal one, which is there also when it is not.
        const string Own = "/buckets/default/collections/tasks";
        await alice.PutAsync(Own + "/records/a", """{"data":{}}""");
        var stream = await OpenAsync(owner, Own + "/records");

        await alice.DeleteAsync(Own);
        var reset = await stream.NextAsync();
        await alice.PutAsync(Own + "/records/b", """{"data":{}}""");
        var events = await stream.UntilAsync("b");
        await alice.PutAsync(Own + "/records/c", """{"data":{}}""");
        var last = await stream.NextAsync();

        Assert.Equal("reset", reset.Name);
        Assert.EndsWith("/collections/tasks/records", reset.Path, StringComparison.Ordinal);
        Assert.Equal("b", Assert.Single(events, change => change.Name.Length == 0).Record);
        Assert.Equal(("c", true), (last.Record, last.HasId));
        stream.Dispose();
        stream = await OpenAsync(owner, Own + "/records", stream.LastId);
        await alice.PutAsync(Own + "/records/d", """{"data":{}}""");
        Assert.Equal("d", (await stream.NextAsync()).Record);
    }

    [Fact]
    public async Task Flush_EndsStreamsOfNamedBuckets_AndTellsPersonalOnesAnew()
    {
        await alice.PutAsync(KintoClient.Records + "/a", """{"data":{}}""");
        var own = await OpenAsync(owner, KintoClient.Records);
        var named = await OpenAsync(owner, Records);

        Assert.Equal(202, (await alice.PostAsync("/__flush__", "")).Status);

        Assert.Equal("reset", (await own.NextAsync()).Name);
        var end = await named.NextAsync();
        Assert.Equal(("end", 403), (end.Name, end.Json.GetProperty("code").GetInt32()));
        Assert.Null(await named.ReadAsync());
    }

    [Fact]
    public async Task Right_TakenWhileItStreams_EndsTheStream_AndNothingMoreIsTold()
    {
        await alice.PutAsync(Collection, $$$"""{"permissions":{"read":["account:{{{guest}}}"]}}""");
        var stream = await OpenAsync(guest, Records);
        await alice.PutAsync(Records + "/a", """{"data":{}}""");
        Assert.Equal("a", (await stream.UntilAsync("a"))[^1].Record);

        await alice.PutAsync(Collection, """{"permissions":{"read":[]}}""");
        await alice.PutAsync(Records + "/secret", """{"data":{}}""");

        var end = await stream.NextAsync();
        Assert.Equal(("end", 403), (end.Name, end.Json.GetProperty("code").GetInt32()));
        Assert.Null(await stream.ReadAsync());
        Assert.Equal(HttpStatusCode.Forbidden, await RefusedAsync(guest, Records));
    }

    [Fact]
    public async Task Right_OnACollection_TakenWhileItStreams_EndsTheStream_ThoughAnotherCanBeRead()
    {
        await alice.PutAsync(Collection, $$$"""{"permissions":{"read":["account:{{{guest}}}"]}}""");
        await alice.PutAsync(bucket + "/collections/other", $$$"""{"permissions":{"read":["account:{{{guest}}}"]}}""");
        var stream = await OpenAsync(guest, Collection);

        await alice.SendAsync("PATCH", Collection, """{"permissions":{"read":[]}}""");

        var events = await stream.ToEndAsync();
        Assert.Equal([Collection, Records], events[..^1].Select(change => change.Path).Order(StringComparer.Ordinal));
        Assert.All(events[..^1], change => Assert.Equal(("closed", 403), (change.Name, change.Json.GetProperty("code").GetInt32())));
        Assert.Equal(("end", 403), (events[^1].Name, events[^1].Json.GetProperty("code").GetInt32()));
        Assert.Equal(HttpStatusCode.Forbidden, await RefusedAsync(guest, Collection));
    }

    [Fact]
    public async Task Right_OnOneOfSeveralCollections_TakenWhileTheyStream_ClosesThatOne_AndTheOtherGoesOn()
    {
        var other = bucket + "/collections/other";
        await alice.PutAsync(Collection, $$$"""{"permissions":{"read":["account:{{{guest}}}"]}}""");
        await alice.PutAsync(other, $$$"""{"permissions":{"read":["account:{{{guest}}}"]}}""");
        var stream = await OpenAsync(guest, $"/buckets?path={Collection}&path={other}/records");

        await alice.SendAsync("PATCH", Collection, """{"permissions":{"read":[]}}""");
        await alice.PutAsync(Records + "/secret", """{"data":{}}""");
        await alice.PutAsync(other + "/records/a", """{"data":{}}""");

        var events = await stream.UntilAsync("a");
        var closed = events.Where(static change => change.Name is "closed").ToList();
        Assert.Equal([Collection, Records], closed.Select(change => change.Path).Distinct().Order(StringComparer.Ordinal));
        Assert.All(closed, change => Assert.Equal(403, change.Json.GetProperty("code").GetInt32()));

        // Rights in a bucket have changed, so that its other lists may begin anew. Nothing of the closed one is told.
        Assert.All(events.Except(closed), change => Assert.StartsWith(other + "/records", change.Path, StringComparison.Ordinal));
        await alice.PutAsync(other + "/records/b", """{"data":{}}""");
        Assert.Equal("b", (await stream.UntilAsync("b"))[^1].Record);
    }

    [Fact]
    public async Task Collection_ThatIsDeletedWhileItStreams_IsToldToBeGone_AndTheStreamEnds()
    {
        var stream = await OpenAsync(owner, Collection);

        var gone = await alice.DeleteAsync(Collection);

        var events = await stream.ToEndAsync();
        var told = Assert.Single(events, change => change.Name.Length == 0 && change.IsDeletion);
        Assert.Equal((Collection, gone.Stamp), (told.Path, told.Stamp));
        Assert.Equal(("end", 404), (events[^1].Name, events[^1].Json.GetProperty("code").GetInt32()));
    }

    [Fact]
    public async Task Right_OnOneRecord_ShowsThatOne_AndWhenItIsTaken_AllIsToldAnew()
    {
        await alice.PutAsync(Collection, $$$"""{"permissions":{"record:create":["account:{{{guest}}}"]}}""");
        await alice.PutAsync(Records + "/seen", $$$"""{"data":{},"permissions":{"read":["account:{{{guest}}}"]}}""");
        await alice.PutAsync(Records + "/kept", $$$"""{"data":{},"permissions":{"read":["account:{{{guest}}}"]}}""");
        var stream = await OpenAsync(guest, Records);

        await alice.PutAsync(Records + "/secret", """{"data":{}}""");
        await alice.PutAsync(Records + "/seen", """{"data":{"n":1}}""");
        Assert.Equal("seen", (await stream.NextAsync()).Record);
        await alice.SendAsync("PATCH", Records + "/seen", """{"permissions":{"read":[]}}""");
        var events = await stream.UntilAsync("kept");

        Assert.Equal("reset", events[0].Name);
        Assert.DoesNotContain(events, change => change.Name.Length == 0 && change.Record is "seen" or "secret");
    }

    [Fact]
    public async Task StreamOfACollection_TellsOfItsDataAndRecords_AndOfNoOther()
    {
        var stream = await OpenAsync(owner, Collection);

        await alice.PutAsync(bucket + "/collections/other", "{}");
        await alice.PutAsync(bucket + "/collections/other/records/x", """{"data":{}}""");
        await alice.PutAsync(Records + "/a", """{"data":{}}""");
        await alice.SendAsync("PATCH", Collection, """{"data":{"title":"new"}}""");
        await alice.PutAsync(Records + "/b", """{"data":{}}""");

        var events = new[] { await stream.NextAsync(), await stream.NextAsync(), await stream.NextAsync() };
        Assert.Equal([Records + "/a", Collection, Records + "/b"], events.Select(change => change.Path));
        Assert.Equal("new", events[1].Json.GetProperty("data").GetProperty("title").GetString());
        Assert.Equal(events.Select(change => change.Stamp).Order(), events.Select(change => change.Stamp));
    }

    [Fact]
    public async Task StreamOfABucket_TellsOfAllInIt_AndOfCollectionsThatComeLater()
    {
        var stream = await OpenAsync(owner, bucket);

        await alice.PutAsync(Records + "/a", """{"data":{}}""");
        await alice.PutAsync(bucket + "/collections/later", "{}");
        await alice.PutAsync(bucket + "/collections/later/records/x", """{"data":{}}""");
        await alice.PutAsync(bucket + "/groups/g", """{"data":{"members":[]}}""");
        await alice.SendAsync("PATCH", bucket, """{"data":{"title":"new"}}""");
        await alice.PutAsync(Records + "/end", """{"data":{}}""");

        var events = await stream.UntilAsync("end");
        Assert.Equal(
            [Records + "/a", bucket + "/collections/later", bucket + "/collections/later/records/x", bucket + "/groups/g", bucket, Records + "/end"],
            events.Where(change => change.Name.Length == 0).Select(change => change.Path));
        Assert.All(events, change => Assert.Equal("", change.Name));
        var last = stream.LastId;
        stream.Dispose();
        await alice.PutAsync(bucket + "/collections/later/records/y", """{"data":{}}""");
        await alice.PutAsync(Records + "/z", """{"data":{}}""");
        stream = await OpenAsync(owner, bucket, last);
        Assert.Equal(["y", "z"], (await stream.UntilAsync("z")).Select(change => change.Record));
    }

    [Fact]
    public async Task StreamOfABucket_OfWhoMayReadOneCollection_TellsOfThatOnly()
    {
        await alice.PutAsync(Collection, $$$"""{"permissions":{"read":["account:{{{guest}}}"]}}""");
        await alice.PutAsync(bucket + "/collections/other", "{}");
        var stream = await OpenAsync(guest, bucket);

        await alice.PutAsync(bucket + "/collections/other/records/x", """{"data":{}}""");
        await alice.PutAsync(Records + "/a", """{"data":{}}""");

        var events = await stream.UntilAsync("a");
        Assert.Equal(Records + "/a", Assert.Single(events, change => change.Name.Length == 0).Path);
        Assert.All(events.Where(change => change.Name.Length > 0), change => Assert.Equal("closed", change.Name));
    }

    [Fact]
    public async Task Writes_OfManyAtOnce_AreToldInTheOrderOfTheirStamps_EachLatestStateOnce()
    {
        const int writers = 16;
        const int each = 20;
        var streams = new[] { await OpenAsync(owner, Records), await OpenAsync(owner, bucket) };
        var latest = new long[writers];
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++)
            {
                latest[writer] = (await alice.PutAsync($"{Records}/w{writer}", $$$"""{"data":{"n":{{{i}}}}}""")).Stamp;
            }
        })));
        await alice.PutAsync(Records + "/end", """{"data":{}}""");

        foreach (var stream in streams)
        {
            var events = await stream.UntilAsync("end");
            var stamps = events.Select(change => change.Stamp).ToList();
            Assert.Equal(stamps.Distinct().Order(), stamps);
            Assert.Equal(latest, Enumerable.Range(0, writers).Select(writer => events.FindLast(change => change.Record == $"w{writer}")!.Stamp));
        }
    }

    [Fact]
    public async Task Streams_OfOneUser_MoreThanTheSetting_Are503_AndAPlaceIsFreeAgainAfterwards()
    {
        for (var i = 0; i < 16; i++)
        {
            await OpenAsync(owner, Records);
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await RefusedAsync(owner, Records));
        await alice.PutAsync(Collection, $$$"""{"permissions":{"read":["account:{{{guest}}}"]}}""");
        await OpenAsync(guest, Records);
        opened.ForEach(static one => one.Dispose());
        opened.Clear();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await StatusAsync(owner, Records) != HttpStatusCode.OK)
        {
            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task Ticket_OpensOneStream_AndNoOther()
    {
        var given = await alice.PostAsync("/__ticket__", "");
        Assert.Equal(201, given.Status);
        var path = $"/buckets/default/collections/tasks/records?ticket={given.Json.GetProperty("ticket").GetString()}";

        var stream = await OpenAsync(null, path);
        await alice.PutAsync(KintoClient.Records + "/a", """{"data":{}}""");

        Assert.Equal("a", (await stream.NextAsync()).Record);
        Assert.Equal(HttpStatusCode.Unauthorized, await RefusedAsync(null, path));
        Assert.Equal(HttpStatusCode.Unauthorized, await RefusedAsync(null, "/buckets/default/collections/tasks/records?ticket=nonsense"));
        var other = await alice.PostAsync("/__ticket__", "");
        using var anonymous = server.Anonymous();
        Assert.Equal(401, (await anonymous.GetAsync($"/buckets/default?ticket={other.Json.GetProperty("ticket").GetString()}")).Status);
    }

    [Fact]
    public async Task Ticket_ThatAServerOfAnotherVersionGave_IsGood()
    {
        const string Ticket = "AAECAwQFBgcICQoLHIJiV8Ty0bNfjNybUAiMyoK4tOaG6olvcq6i1KFpZpYc5XCRzbfDHrv29ntuCts1m-QmVbWRpeHOfbH3jMutdcC9TOCjvJG3VE88sB0ShdjaqPqmBKbAMpih6r9of6yWbhJj";
        var tickets = new LiveTickets(
            new AccountSecret("of one database"u8.ToArray()), server.Services.GetRequiredService<AccountDirectory>(), server.Services.GetRequiredService<KintoOptions>(), new FakeTime());

        Assert.Equal(new Principal("corp:alice", "corp:alice", "of-alice"), await tickets.FindAsync(Ticket, default));
    }

    [Fact]
    public async Task Ticket_OfAStreamThatIsRefused_IsGoodStill()
    {
        using var bob = server.As(guest, Password);
        var ticket = (await bob.PostAsync("/__ticket__", "")).Json.GetProperty("ticket").GetString();
        Assert.Equal(HttpStatusCode.Forbidden, await RefusedAsync(null, $"{Records}?ticket={ticket}"));
        Assert.Equal(HttpStatusCode.BadRequest, await RefusedAsync(null, $"{KintoClient.Records}?ticket={ticket}&_limit=1"));

        await OpenAsync(null, $"{KintoClient.Records}?ticket={ticket}");

        Assert.Equal(HttpStatusCode.Unauthorized, await RefusedAsync(null, $"{KintoClient.Records}?ticket={ticket}"));
    }

    [Fact]
    public async Task StreamOfSeveralBuckets_TellsOfEach_AndGoesOnWithAStampOfEach()
    {
        var other = bucket + "-other";
        Assert.Equal(201, (await alice.PutAsync(other, "{}")).Status);
        Assert.Equal(201, (await alice.PutAsync(other + "/collections/d", "{}")).Status);
        var url = $"/buckets?path={Records}&path={other}&path={other}/collections/d/records";
        var stream = await OpenAsync(owner, url);

        await alice.PutAsync(Records + "/a", """{"data":{}}""");
        var first = await stream.UntilAsync("a");
        await alice.PutAsync(other + "/collections/d/records/b", """{"data":{}}""");
        var second = await stream.UntilAsync("b");

        Assert.Equal(Records + "/a", Assert.Single(first).Path);
        Assert.Equal(other + "/collections/d/records/b", Assert.Single(second).Path);
        Assert.Equal($"{first[0].Stamp},{second[0].Stamp}", stream.LastId);
        var last = stream.LastId;
        stream.Dispose();
        await alice.PutAsync(other + "/collections/d/records/c", """{"data":{}}""");
        stream = await OpenAsync(owner, url, last);
        Assert.Equal(["c"], (await stream.UntilAsync("c")).Select(change => change.Record));
        await alice.PutAsync(Records + "/d", """{"data":{}}""");
        Assert.Equal(["d"], (await stream.UntilAsync("d")).Select(change => change.Record));
    }

    [Theory]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("?path=/buckets", HttpStatusCode.BadRequest)]
    [InlineData("?path=/buckets/default/collections/c/records/r", HttpStatusCode.BadRequest)]
    [InlineData("?path=/buckets/default/history", HttpStatusCode.BadRequest)]
    [InlineData("?path=/buckets/default/collections/%20/records", HttpStatusCode.BadRequest)]
    [InlineData("?path=/buckets/default&path=/buckets/none", HttpStatusCode.Forbidden)]
    [InlineData("?path=/buckets/default&_since=1,2", HttpStatusCode.BadRequest)]
    [InlineData("?path=/buckets/default&_since=0", HttpStatusCode.OK)]
    [InlineData("?path=/buckets/default&path=/buckets/default/groups", HttpStatusCode.OK)]
    public async Task StreamOfSeveralBuckets_NamesWhatItCanTellOf(string query, HttpStatusCode status) => Assert.Equal(status, await StatusAsync(owner, "/buckets" + query));

    [Fact]
    public async Task Ticket_OfAPasswordThatWasChanged_IsNoneAnyMore()
    {
        var given = await alice.PostAsync("/__ticket__", "");
        Assert.Equal(200, (await alice.SendAsync("PATCH", $"/accounts/{owner}", """{"data":{"password":"an0ther"}}""")).Status);

        Assert.Equal(HttpStatusCode.Unauthorized, await RefusedAsync(null, $"/buckets/default?ticket={given.Json.GetProperty("ticket").GetString()}"));
    }

    [Fact]
    public async Task Ticket_ForNobody_Is401()
    {
        using var anonymous = server.Anonymous();

        (await anonymous.PostAsync("/__ticket__", "")).AssertError(401, KintoErrno.MissingAuthToken);
    }

    [Theory]
    [InlineData("?_sort=n", HttpStatusCode.BadRequest)]
    [InlineData("?n=1", HttpStatusCode.BadRequest)]
    [InlineData("?_limit=1", HttpStatusCode.BadRequest)]
    [InlineData("?_since=x", HttpStatusCode.BadRequest)]
    [InlineData("?_since=1&_since=2", HttpStatusCode.BadRequest)]
    [InlineData("?_expected=1&_since=null", HttpStatusCode.OK)]
    public async Task Parameter_ThatAStreamCannotHonour_Is400(string query, HttpStatusCode status) => Assert.Equal(status, await StatusAsync(owner, Records + query));

    [Fact]
    public async Task LastEventId_ThatIsNone_Is400()
    {
        using var http = EventReader.Client(server.Address, KintoClient.Basic(owner, Password));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1" + Records) { Headers = { { "Accept", "text/event-stream" }, { "Last-Event-ID", "x" } } };

        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Json_IsWhatHeadBatchesAndRecordsGet_WhateverTheyAccept()
    {
        await alice.PutAsync(Records + "/a", """{"data":{}}""");

        var head = await alice.SendAsync("HEAD", Records, null, ("Accept", "text/event-stream, application/json"));
        var batch = await alice.PostAsync("/batch", $$$"""{"requests":[{"path":"{{{Records}}}","headers":{"Accept":"text/event-stream, */*"}}]}""");
        var record = await alice.GetAsync(Records + "/a", ("Accept", "text/event-stream"));

        Assert.Equal((200, "1"), (head.Status, head.Headers["Total-Objects"]));
        Assert.Equal(200, batch.Json.GetProperty("responses")[0].GetProperty("status").GetInt32());
        Assert.Equal(406, record.Status);
    }

    [Fact]
    public async Task Refusals_AreThoseOfAPoll()
    {
        Assert.Equal(HttpStatusCode.Forbidden, await RefusedAsync(guest, Records));
        Assert.Equal(HttpStatusCode.Unauthorized, await RefusedAsync(null, Records));
        Assert.Equal(HttpStatusCode.NotFound, await RefusedAsync(owner, bucket + "/collections/none/records"));
        Assert.Equal(HttpStatusCode.Forbidden, await RefusedAsync(guest, bucket));
    }

    [Fact]
    public async Task Root_TellsOfIt() => Assert.True((await alice.GetAsync("/")).Json.GetProperty("capabilities").TryGetProperty("live", out _));

    [Fact]
    public async Task Stop_EndsStreams_AndDoesNotWaitForThem()
    {
        var other = await KintoServer.StartAsync();
        await other.AddAccountAsync("alice", Password);
        using var http = EventReader.Client(other.Address, KintoClient.Basic("alice", Password));
        using var stream = await EventReader.OpenAsync(http, KintoClient.Records);

        var stopping = other.DisposeAsync();

        Assert.Null(await stream.ReadAsync());
        await stopping.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Reader_ThatTakesNothing_GetsTheLatestStates_AndNotEachOne()
    {
        const int writes = 150;
        var filler = new string('x', 200_000);
        var stream = await OpenAsync(owner, Records);
        for (var i = 0; i < writes; i++)
        {
            Assert.InRange((await alice.PutAsync(Records + "/big", $$$"""{"data":{"n":{{{i}}},"filler":"{{{filler}}}"}}""")).Status, 200, 201);
        }

        await alice.PutAsync(Records + "/end", """{"data":{}}""");

        var events = await stream.UntilAsync("end");
        Assert.InRange(events.Count, 2, writes - 1);
        Assert.Equal(writes - 1, events[^2].Json.GetProperty("data").GetProperty("n").GetInt32());
    }

    private async Task<EventReader> OpenAsync(string? name, string path, string? lastId = null)
    {
        var http = EventReader.Client(server.Address, name is null ? null : KintoClient.Basic(name, Password));
        opened.Add(http);
        var stream = await EventReader.OpenAsync(http, path, lastId);
        opened.Add(stream);
        return stream;
    }

    private async Task<HttpStatusCode> RefusedAsync(string? name, string path)
    {
        var status = await StatusAsync(name, path);
        Assert.NotEqual(HttpStatusCode.OK, status);
        return status;
    }

    private async Task<HttpStatusCode> StatusAsync(string? name, string path)
    {
        using var http = EventReader.Client(server.Address, name is null ? null : KintoClient.Basic(name, Password));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1" + path) { Headers = { { "Accept", "text/event-stream" } } };
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return answer.StatusCode;
    }
}

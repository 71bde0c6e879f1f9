using System.Globalization;
using Lockstep.Core.Quotas;
using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

/// <summary>How much buckets, collections and users may hold.</summary>
public sealed class QuotaTests(QuotaTests.LimitedServer server) : IClassFixture<QuotaTests.LimitedServer>
{
    private const string Tasks = "/buckets/default/collections/tasks/records";
    private static int buckets;

    /// <summary>A body of so many bytes as it is stored.</summary>
    private static string Data(int bytes) => $$$"""{"data":{"a":"{{{new string('x', bytes - 8)}}}"}}""";

    [Fact]
    public async Task Collection_ThatIsFull_Takes507_AndWhatMakesItLess()
    {
        using var client = await server.NewUserAsync();
        Assert.Equal(("600", "2"), Left(await client.PutAsync(Tasks + "/a", Data(400))));
        Assert.Equal(("200", "1"), Left(await client.PutAsync(Tasks + "/b", Data(400))));

        var over = await client.PutAsync(Tasks + "/c", Data(201));
        over.AssertError(507, KintoErrno.Forbidden);
        Assert.Equal("Insufficient Storage", over.Json.GetProperty("error").GetString());
        Assert.Equal("The collection may hold 1000 bytes, and would hold 1001.", over.Json.GetProperty("message").GetString());
        (await client.SendAsync("PATCH", Tasks + "/a", $$$"""{"data":{"b":"{{{new string('x', 300)}}}"}}""")).AssertError(507, KintoErrno.Forbidden);
        (await client.PostAsync(Tasks, Data(300))).AssertError(507, KintoErrno.Forbidden);

        Assert.Equal(("0", "0"), Left(await client.PutAsync(Tasks + "/c", Data(200))));
        (await client.PutAsync(Tasks + "/d", """{"data":{}}""")).AssertError(507, KintoErrno.Forbidden);
        Assert.Equal(200, (await client.PutAsync(Tasks + "/a", Data(399))).Status);
        Assert.Equal(200, (await client.DeleteAsync(Tasks + "/b")).Status);
        Assert.Equal(("1", "0"), Left(await client.PutAsync(Tasks + "/e", Data(400))));
    }

    [Fact]
    public async Task Files_CountAsData_AsLongAsTheirRecordNamesThem()
    {
        using var client = await server.NewUserAsync();
        (await UploadAsync(900)).AssertError(507, KintoErrno.Forbidden);
        (await client.GetAsync(Tasks + "/a")).AssertError(404, KintoErrno.InvalidResourceId);

        Assert.Equal(201, (await UploadAsync(600)).Status);
        (await client.PutAsync(Tasks + "/b", Data(400))).AssertError(507, KintoErrno.Forbidden);

        Assert.Equal(204, (await client.DeleteAsync(Tasks + "/a/attachment")).Status);
        Assert.Equal(201, (await client.PutAsync(Tasks + "/b", Data(400))).Status);

        Task<KintoAnswer> UploadAsync(int bytes) => client.SendRawAsync(
            "POST", $"/v1{Tasks}/a/attachment",
            System.Text.Encoding.ASCII.GetBytes($"--b\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"a\"\r\n\r\n{new string('x', bytes)}\r\n--b--\r\n"),
            ("Content-Type", "multipart/form-data; boundary=b"));
    }

    [Fact]
    public async Task Bucket_ThatIsFull_Takes507_WhateverIsWrittenToIt_ExactToTheByte()
    {
        using var client = await server.NewUserAsync();
        var bucket = $"/buckets/{Name()}";
        await client.PutAsync(bucket, """{"data":{}}""");
        for (var i = 0; i < 3; i++)
        {
            await client.PutAsync($"{bucket}/collections/c{i}", """{"data":{}}""");
            Assert.Equal(201, (await client.PutAsync($"{bucket}/collections/c{i}/records/a", Data(800))).Status);
        }

        // 2 bytes each for the bucket and its collections, 2,400 for the records.
        (await client.PutAsync($"{bucket}/collections/d", Data(93))).AssertError(507, KintoErrno.Forbidden);
        (await client.PutAsync($"{bucket}/groups/g", $$$"""{"data":{"members":[],"a":"{{{new string('x', 100)}}}"}}""")).AssertError(507, KintoErrno.Forbidden);
        var full = await client.PutAsync($"{bucket}/collections/d", Data(92));
        Assert.Equal((201, "0"), (full.Status, full.Headers["Quota-Remaining-Bytes"]));
        (await client.PutAsync(bucket, """{"data":{"a":1}}""")).AssertError(507, KintoErrno.Forbidden);

        Assert.Equal(200, (await client.DeleteAsync($"{bucket}/collections/c0")).Status);
        Assert.Equal(201, (await client.PutAsync($"{bucket}/collections/c1/records/b", Data(100))).Status);
    }

    [Fact]
    public async Task Bucket_WrittenToAtOnceByMany_HoldsNoMoreThanItMay_AndNoLess()
    {
        using var client = await server.NewUserAsync();
        var bucket = $"/buckets/{Name()}";
        await client.PutAsync(bucket, """{"data":{}}""");
        await Task.WhenAll(Enumerable.Range(0, 5).Select(i => client.PutAsync($"{bucket}/collections/c{i}", """{"data":{}}""")));

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => client.PostAsync($"{bucket}/collections/c{i % 5}/records", Data(240))));

        // 2,500 less 12 for the bucket and its collections; of each collection three records at most.
        Assert.Equal(10, answers.Count(static answer => answer.Status == 201));
        Assert.All(answers.Where(static answer => answer.Status != 201), static answer => answer.AssertError(507, KintoErrno.Forbidden));
    }

    [Fact]
    public async Task Batch_WithAPartThatIsTooMuch_GoesOn_AlsoInAnotherBucket()
    {
        using var client = await server.NewUserAsync();
        var other = $"/buckets/{Name()}";
        var batch = await client.PostAsync("/batch", $$$$$"""
            {"defaults":{"method":"PUT"},"requests":[
              {"path":"{{{{{Tasks}}}}}/a","body":{{{{{Data(900)}}}}}},
              {"path":"{{{{{Tasks}}}}}/b","body":{{{{{Data(101)}}}}}},
              {"path":"{{{{{Tasks}}}}}/c","body":{{{{{Data(100)}}}}}},
              {"path":"{{{{{other}}}}}","body":{"data":{}}}]}
            """);

        Assert.Equal([201, 507, 201, 201], batch.Json.GetProperty("responses").EnumerateArray().Select(static part => part.GetProperty("status").GetInt32()));
        Assert.Equal("100", batch.Json.GetProperty("responses")[0].GetProperty("headers").GetProperty("Quota-Remaining-Bytes").GetString());
    }

    [Fact]
    public async Task Override_GoesBeforeWhatAllMay()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync("/buckets/roomy", """{"data":{}}""");
        await client.PutAsync("/buckets/roomy/collections/big", """{"data":{}}""");
        await client.PutAsync("/buckets/roomy/collections/small", """{"data":{}}""");

        var big = await client.PutAsync("/buckets/roomy/collections/big/records/a", Data(5_000));
        Assert.Equal(201, big.Status);
        Assert.False(big.Headers.ContainsKey("Quota-Remaining-Bytes"));
        (await client.PutAsync("/buckets/roomy/collections/small/records/a", Data(1_001))).AssertError(507, KintoErrno.Forbidden);
    }

    /// <summary>Nobody waits until it is known what all buckets of a user hold, so that the first writes may be more.</summary>
    [Fact]
    public async Task User_OfManyBuckets_IsStopped_SoonAfterTheyHoldWhatTheUserMay_AndMayGoOnOnceThereIsRoom()
    {
        await using var limited = new Started(await KintoServer.StartAsync(options => options with
        {
            Buckets = options.Buckets with { Quotas = new QuotaOptions { UserBytes = 3_000, UserTime = TimeSpan.FromMilliseconds(1) } },
        }));
        using var client = await limited.Server.NewUserAsync();
        using var other = await limited.Server.NewUserAsync();
        var names = new List<string>();
        for (KintoAnswer? answer = null; answer?.Status is null or 201;)
        {
            Assert.True(names.Count < 100, "Nothing stops the user.");
            names.Add($"/buckets/{Name()}");
            answer = await client.PutAsync(names[^1], Data(200));
            Assert.True(answer.Status == 201 || answer.Status == 507, answer.Text);
        }

        Assert.InRange(names.Count, 15, 40);
        Assert.Equal(201, (await other.PutAsync($"/buckets/{Name()}", Data(200))).Status);
        foreach (var name in names.SkipLast(1))
        {
            Assert.Equal(200, (await client.DeleteAsync(name)).Status);
        }

        // Until it has been noticed by whoever owns that bucket.
        var status = 0;
        for (var i = 0; i < 1_000 && status != 201; i++)
        {
            status = (await client.PutAsync($"/buckets/{Name()}", Data(200))).Status;
        }

        Assert.Equal(201, status);
    }

    [Fact]
    public async Task Capability_IsToldWhereSomethingIsLimited()
    {
        using var client = server.Anonymous();
        Assert.True((await client.GetAsync("/")).Json.GetProperty("capabilities").TryGetProperty("quotas", out _));
    }

    /// <summary>Whoever may write to somebody's bucket does not learn what is in their others.</summary>
    [Fact]
    public async Task User_OfOthersBuckets_IsNotToldWhatTheirAuthorHolds()
    {
        await using var limited = new Started(await KintoServer.StartAsync(options => options with
        {
            Buckets = options.Buckets with { Quotas = new QuotaOptions { UserBytes = 3_000, UserTime = TimeSpan.FromMilliseconds(1) } },
        }));
        using var author = await limited.Server.NewUserAsync();
        using var other = await limited.Server.NewUserAsync();
        var bucket = $"/buckets/{Name()}";
        await author.PutAsync(bucket, """{"data":{},"permissions":{"write":["system.Authenticated"]}}""");
        await author.PutAsync($"{bucket}/collections/c", """{"data":{}}""");
        KintoAnswer own;
        do
        {
            own = await author.PutAsync($"{bucket}/collections/c/records/a", Data(100));
        }
        while (!own.Headers.ContainsKey("Quota-Remaining-Bytes"));

        var others = await other.PutAsync($"{bucket}/collections/c/records/a", Data(100));
        Assert.Equal(200, others.Status);
        Assert.False(others.Headers.ContainsKey("Quota-Remaining-Bytes"));
        for (var i = 0; others.Status < 400; i++)
        {
            Assert.True(i < 100, "Nothing stops the other user.");
            others = await other.PutAsync($"{bucket}/collections/c/records/b{i}", Data(200));
        }

        others.AssertError(507, KintoErrno.Forbidden);
        Assert.Equal("The user whose bucket this is may hold no more.", others.Json.GetProperty("message").GetString());
    }

    /// <summary>Whoever may write to one collection does not learn what is in the others.</summary>
    [Fact]
    public async Task User_WhoSeesOneCollectionOnly_IsNotToldWhatTheBucketHolds()
    {
        using var author = await server.NewUserAsync();
        using var other = await server.NewUserAsync();
        var bucket = $"/buckets/{Name()}";
        await author.PutAsync(bucket, """{"data":{}}""");
        foreach (var full in new[] { "c0", "c1" })
        {
            await author.PutAsync($"{bucket}/collections/{full}", """{"data":{}}""");
            Assert.Equal(201, (await author.PutAsync($"{bucket}/collections/{full}/records/a", Data(900))).Status);
        }

        await author.PutAsync($"{bucket}/collections/open", """{"data":{},"permissions":{"record:create":["system.Authenticated"]}}""");

        var posted = await other.PostAsync($"{bucket}/collections/open/records", Data(100));
        Assert.Equal(("900", "2"), (posted.Headers["Quota-Remaining-Bytes"], posted.Headers["Quota-Remaining-Records"]));
        var over = await other.PostAsync($"{bucket}/collections/open/records", Data(600));
        over.AssertError(507, KintoErrno.Forbidden);
        Assert.Equal("The bucket may hold no more.", over.Json.GetProperty("message").GetString());
        Assert.Equal("592", (await author.PutAsync($"{bucket}/collections/c0", """{"data":{}}""")).Headers["Quota-Remaining-Bytes"]);
    }

    [Fact]
    public async Task Write_WhereNothingIsLimited_SaysNothingOfIt()
    {
        await using var plain = new Started(await KintoServer.StartAsync());
        using var client = await plain.Server.NewUserAsync();
        Assert.DoesNotContain((await client.PutAsync(Tasks + "/a", Data(400))).Headers.Keys, static name => name.StartsWith("Quota", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("account:alice", "team", null, 5L, "about nothing, or about too much")]
    [InlineData(null, null, "tasks", 5L, "about nothing, or about too much")]
    [InlineData(null, "team", null, null, "no Bytes and no Records")]
    [InlineData(null, "x:team", null, 5L, "a bucket that cannot be")]
    [InlineData(null, "u:", null, 5L, "a bucket that cannot be")]
    [InlineData(null, "u:team", null, 5L, null)]
    [InlineData(null, "team", "tasks", 5L, null)]
    public void Override_ThatCannotBe_IsToldWhenTheServerStarts(string? user, string? bucket, string? collection, long? bytes, string? problem)
    {
        var options = new QuotaOptions
        {
            Overrides = new Dictionary<string, QuotaOverride>(StringComparer.Ordinal) { ["1"] = new() { User = user, Bucket = bucket, Collection = collection, Bytes = bytes } },
        };

        Assert.Equal(problem is null ? 0 : 1, options.Problems().Count(text => problem is not null && text.Contains(problem, StringComparison.Ordinal)));
        Assert.Equal(problem is null, !options.Problems().Any());
    }

    private static string Name() => string.Create(CultureInfo.InvariantCulture, $"quota{Interlocked.Increment(ref buckets)}-{Guid.NewGuid():N}");

    private static (string Bytes, string Records) Left(KintoAnswer answer) => (answer.Headers["Quota-Remaining-Bytes"], answer.Headers["Quota-Remaining-Records"]);

    public sealed class LimitedServer() : KintoServer(options => options with
    {
        Buckets = options.Buckets with
        {
            Quotas = new QuotaOptions
            {
                BucketBytes = 2_500,
                CollectionBytes = 1_000,
                CollectionRecords = 3,
                Overrides = new Dictionary<string, QuotaOverride>(StringComparer.Ordinal)
                {
                    ["1"] = new() { Bucket = "roomy", Bytes = 0 },
                    ["2"] = new() { Bucket = "roomy", Collection = "big", Bytes = 0, Records = 0 },
                },
            },
        },
    });

    private sealed class Started(KintoServer server) : IAsyncDisposable
    {
        public KintoServer Server => server;

        public async ValueTask DisposeAsync() => await server.DisposeAsync();
    }
}

using Lockstep.Core.Storage;
using Lockstep.Gateway.Kinto;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Protocol;

[Collection(SharedServer.Name)]
public sealed class BatchTests(KintoServer server)
{
    private const string List = KintoClient.Records;

    [Fact]
    public async Task Batch_AnswersInOrder_AndEachReadSeesEarlierWrites()
    {
        using var client = await server.NewUserAsync();
        var answer = await client.PostAsync("/batch", $$$$"""
            {"requests":[
              {"path":"{{{{List}}}}"},
              {"method":"PUT","path":"/v1{{{{List}}}}/a","body":{"data":{"n":1}}},
              {"method":"POST","path":"{{{{List}}}}","body":{"data":{"id":"b"}}},
              {"path":"{{{{List}}}}?_sort=id"},
              {"method":"PATCH","path":"{{{{List}}}}/a","body":{"data":{"m":2}}},
              {"method":"DELETE","path":"{{{{List}}}}/b"},
              {"path":"{{{{List}}}}/b"},
              {"method":"HEAD","path":"{{{{List}}}}"},
              {"path":"{{{{List}}}}?_since=0&_sort=id"},
              {"path":"/"}
            ]}
            """);

        Assert.Equal(200, answer.Status);
        var parts = answer.Json.GetProperty("responses").EnumerateArray().ToList();
        Assert.Equal([200, 201, 201, 200, 200, 200, 404, 200, 200, 200], parts.Select(part => part.GetProperty("status").GetInt32()));
        Assert.Empty(parts[0].GetProperty("body").GetProperty("data").EnumerateArray());
        Assert.Equal(2, parts[3].GetProperty("body").GetProperty("data").GetArrayLength());
        Assert.Equal(1, parts[4].GetProperty("body").GetProperty("data").GetProperty("n").GetInt32());
        Assert.Equal("1", parts[7].GetProperty("headers").GetProperty("Total-Objects").GetString());
        Assert.Equal(2, parts[8].GetProperty("body").GetProperty("data").GetArrayLength());
        Assert.Equal($"/v1{List}/a", parts[1].GetProperty("path").GetString());
        var stamps = new[] { 1, 2, 4, 5 }.Select(i => parts[i].GetProperty("headers").GetProperty("ETag").GetString()).ToList();
        Assert.Equal(stamps.Order(StringComparer.Ordinal), stamps);
        Assert.Equal(stamps[^1], parts[8].GetProperty("headers").GetProperty("ETag").GetString());
    }

    /// <summary>All that the parts could answer is more than one user may hold of the room for answers; what they do answer is little.</summary>
    [Fact]
    public async Task Batch_WhoseAnswersCouldBeLarge_IsDoneWhereTheyAreSmall()
    {
        using var client = await server.NewUserAsync();
        var patches = Enumerable.Range(0, 23).Select(static i =>
            $$$$"""{"method":"PATCH","path":"{{{{List}}}}/a","headers":{"Response-Behavior":"diff"},"body":{"data":{"n":{{{{i}}}}}}}""");

        var answer = await client.PostAsync("/batch", $$$$"""
            {"requests":[{"path":"/buckets"},{"method":"PUT","path":"{{{{List}}}}/a","body":{"data":{}}},{{{{string.Join(',', patches)}}}}]}
            """);

        Assert.Equal(200, answer.Status);
        Assert.Equal(
            [200, 201, .. Enumerable.Repeat(200, 23)],
            answer.Json.GetProperty("responses").EnumerateArray().Select(static part => part.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task Batch_RefusedParts_DoNotUndoTheOthers()
    {
        using var client = await server.NewUserAsync();
        var answer = await client.PostAsync("/batch", $$$$"""
            {"defaults":{"method":"PUT","headers":{"If-None-Match":"*"},"body":{"data":{"shared":{"a":1} } } },
             "requests":[
              {"path":"{{{{List}}}}/a"},
              {"path":"{{{{List}}}}/a"},
              {"path":"{{{{List}}}}/bad id"},
              {"path":"{{{{List}}}}/b","body":{"data":{"shared":{"b":2},"own":3}}},
              {"path":"{{{{List}}}}/a","headers":{"If-None-Match":"\"1\"","if-match":"\"1\""}},
              {"path":"/buckets/somebody-elses/collections/x/records/y"}
             ]}
            """);

        var parts = answer.Json.GetProperty("responses").EnumerateArray().ToList();
        Assert.Equal([201, 412, 400, 201, 412, 403], parts.Select(part => part.GetProperty("status").GetInt32()));
        Assert.Equal("""{"a":1,"b":2}""", (await client.GetAsync(List + "/b")).Data.GetProperty("shared").GetRawText());
        Assert.Equal(1, parts[1].GetProperty("body").GetProperty("details").GetProperty("existing").GetProperty("shared").GetProperty("a").GetInt32());
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""[]""")]
    [InlineData("""{"requests":{}}""")]
    [InlineData("""{"requests":[5]}""")]
    [InlineData("""{"requests":[{}]}""")]
    [InlineData("""{"requests":[{"path":"buckets"}]}""")]
    [InlineData("""{"requests":[{"path":5}]}""")]
    [InlineData("""{"requests":[{"path":"/","method":"get"}]}""")]
    [InlineData("""{"requests":[{"path":"/","method":"FLY"}]}""")]
    [InlineData("""{"requests":[{"path":"/","headers":[]}]}""")]
    [InlineData("""{"requests":[{"path":"/","headers":{"a":1}}]}""")]
    [InlineData("""{"requests":[{"path":"/","body":[]}]}""")]
    [InlineData("""{"requests":[{"path":"/","body":"x"}]}""")]
    [InlineData("""{"requests":[{"path":"/","other":1}]}""")]
    [InlineData("""{"requests":[],"other":1}""")]
    [InlineData("""{"requests":[],"defaults":[]}""")]
    [InlineData("""{"requests":[{"path":"/batch","method":"POST"}]}""")]
    [InlineData("""{"requests":[{"path":"/v1/batch","method":"POST"}]}""")]
    [InlineData("""{"requests":[{"path":"/"}""")]
    public async Task Batch_MalformedAsAWhole_Is400AndNothingIsDone(string body)
    {
        using var client = await server.NewUserAsync();
        (await client.PostAsync("/batch", body)).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Batch_EmptyPreconditionOfAPart_UndoesTheDefault()
    {
        using var client = await server.NewUserAsync();

        var answer = await client.PostAsync("/batch", $$$$"""
            {"defaults":{"method":"PUT","path":"{{{{List}}}}/a","headers":{"If-None-Match":"*"},"body":{"data":{}} },
             "requests":[{},{},{"headers":{"If-None-Match":""}},{"headers":{"If-None-Match":"","If-Match":""}}]}
            """);

        Assert.Equal([201, 412, 200, 200], Statuses(answer));
    }

    [Theory]
    [InlineData("/buckets/%FF", 400)]
    [InlineData("/buckets/%00", 400)]
    [InlineData("/buckets/%zz/collections", 400)]
    [InlineData("/buckets?a=%00", 400)]
    [InlineData("/buckets?a=%FF", 400)]
    [InlineData("/%00", 404)]
    [InlineData("/buckets/default%2Fcollections", 400)]
    public async Task Batch_PathThatCannotBeRead_RefusesThatPartOnly(string path, int status)
    {
        using var client = await server.NewUserAsync();

        var answer = await client.PostAsync(
            "/batch", $$$$"""{"requests":[{"method":"PUT","path":"{{{{List}}}}/a","body":{"data":{}}},{"path":"{{{{path}}}}"},{"path":"{{{{List}}}}/a"}]}""");

        Assert.Equal([201, status, 200], Statuses(answer));
    }

    [Fact]
    public async Task Batch_OverTheLimit_Is400_AtTheLimitAndEmptyItIsFine()
    {
        using var client = await server.NewUserAsync();
        static string Requests(int count) => $$"""{"requests":[{{string.Join(',', Enumerable.Repeat("""{"path":"/"}""", count))}}]}""";

        (await client.PostAsync("/batch", Requests(26))).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(25, (await client.PostAsync("/batch", Requests(25))).Json.GetProperty("responses").GetArrayLength());
        Assert.Equal("""{"responses":[]}""", (await client.PostAsync("/batch", Requests(0))).Text);
    }

    [Fact]
    public async Task Batch_PartsWithTheirOwnCredentials_ActForTheirOwnUser()
    {
        await server.AddAccountAsync("alice", "alices");
        await server.AddAccountAsync("bob", "b0bs-own");
        using var alice = server.As("alice", "alices");
        using var bob = server.As("bob", "b0bs-own");
        await bob.PutAsync(List + "/of-bob", """{"data":{}}""");
        var asBob = $$"""{"Authorization":"{{KintoClient.Basic("bob", "b0bs-own")}}"}""";

        var wrong = KintoClient.Basic("bob", "wrong");

        var answer = await alice.PostAsync("/batch", $$$"""
            {"requests":[
              {"path":"{{{List}}}"},
              {"path":"{{{List}}}","headers":{{{asBob}}} },
              {"method":"PUT","path":"{{{List}}}/by-batch","body":{"data":{}},"headers":{{{asBob}}} },
              {"method":"PUT","path":"{{{List}}}/of-alice","body":{"data":{} } },
              {"path":"{{{List}}}","headers":{"authorization":"{{{wrong}}}"} },
              {"path":"/","headers":{{{asBob}}} },
              {"path":"/"}
            ]}
            """);

        var parts = answer.Json.GetProperty("responses").EnumerateArray().ToList();
        Assert.Equal([200, 200, 201, 201, 401, 200, 200], parts.Select(part => part.GetProperty("status").GetInt32()));
        Assert.Empty(parts[0].GetProperty("body").GetProperty("data").EnumerateArray());
        Assert.Equal("of-bob", Assert.Single(parts[1].GetProperty("body").GetProperty("data").EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal("account:bob", parts[2].GetProperty("body").GetProperty("permissions").GetProperty("write")[0].GetString());
        Assert.Equal(
            ["account:bob", "account:alice"],
            parts[5..].Select(part => part.GetProperty("body").GetProperty("user").GetProperty("id").GetString()));
        Assert.Equal(["by-batch", "of-bob"], (await bob.GetAsync(List + "?_sort=id")).Ids);
        Assert.Equal(["of-alice"], (await alice.GetAsync(List)).Ids);
    }

    /// <summary>What JavaScript makes when it cuts a text in the middle of an emoji.</summary>
    [Fact]
    public async Task Batch_HalfASurrogatePair_InDefaultsAndParts_GoesThroughByteForByte()
    {
        using var client = await server.NewUserAsync();
        var answer = await client.PostAsync("/batch", $$$$"""
            {"defaults":{"method":"PUT","body":{"data":{"s":"cut \ud83d","n":1.50,"o":{"t":"\u0041\uDE00","u":null} } } },
             "requests":[
              {"path":"{{{{List}}}}/a"},
              {"path":"{{{{List}}}}/b","body":{"data":{"own":"\uD83D","o":{"u":2} } } },
              {"path":"{{{{List}}}}/c","body":{"data":{"s":null,"n":{},"o":[]} } }
             ]}
            """);

        Assert.Equal([201, 201, 201], answer.Json.GetProperty("responses").EnumerateArray().Select(part => part.GetProperty("status").GetInt32()));
        static string Raw(KintoAnswer record, string name) => record.Data.GetProperty(name).GetRawText();
        var (a, b, c) = (await client.GetAsync(List + "/a"), await client.GetAsync(List + "/b"), await client.GetAsync(List + "/c"));
        Assert.Equal(["\"cut \\ud83d\"", "1.50", """{"t":"\u0041\uDE00","u":null}"""], new[] { "s", "n", "o" }.Select(name => Raw(a, name)));
        Assert.Equal(["\"cut \\ud83d\"", "1.50", """{"t":"\u0041\uDE00","u":2}""", "\"\\uD83D\""], new[] { "s", "n", "o", "own" }.Select(name => Raw(b, name)));
        Assert.Equal(["null", "{}", "[]"], new[] { "s", "n", "o" }.Select(name => Raw(c, name)));
    }

    [Theory]
    [InlineData("""{"requests":[{"path":"/\ud83d"}]}""")]
    [InlineData("""{"requests":[{"path":"/","method":"\ud83d"}]}""")]
    [InlineData("""{"requests":[{"path":"/","headers":{"X-A":"\ud83d"}}]}""")]
    [InlineData("""{"requests":[{"path":"/","headers":{"\ud83d":"a"}}]}""")]
    [InlineData("""{"requests":[{"path":"/","body":{"\ud83d":1}}]}""")]
    [InlineData("""{"defaults":{"path":"/\ud83d"},"requests":[{}]}""")]
    [InlineData("""{"defaults":{"body":{"data":{"\ud83d":1}}},"requests":[{"path":"/"}]}""")]
    [InlineData("""{"\ud83d":1,"requests":[]}""")]
    public async Task Batch_HalfASurrogatePair_InWhatIsRead_Is400(string body)
    {
        using var client = await server.NewUserAsync();
        (await client.PostAsync("/batch", body)).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Batch_PartsThatLookDeleted_Are400ThatNamesTheField_AlsoByDefaults()
    {
        using var client = await server.NewUserAsync();
        await client.PutAsync(List + "/a", """{"data":{}}""");
        var answer = await client.PostAsync("/batch", $$$$"""
            {"defaults":{"body":{"data":{"deleted":true} } },
             "requests":[
              {"method":"PUT","path":"{{{{List}}}}/b"},
              {"method":"PUT","path":"{{{{List}}}}/c","body":{"data":{"deleted":false} } },
              {"method":"POST","path":"{{{{List}}}}","body":{"data":{"id":"d"} } },
              {"method":"PATCH","path":"{{{{List}}}}/a"},
              {"method":"PATCH","path":"{{{{List}}}}/a","headers":{"Content-Type":"application/merge-patch+json"} },
              {"method":"PUT","path":"/buckets/default/collections/e"},
              {"method":"POST","path":"/buckets"}
             ]}
            """);

        var parts = answer.Json.GetProperty("responses").EnumerateArray().ToList();
        Assert.Equal([400, 201, 400, 400, 400, 400, 400], parts.Select(part => part.GetProperty("status").GetInt32()));
        Assert.All(parts.Where((_, i) => i != 1), part => Assert.Equal(
            "data.deleted", part.GetProperty("body").GetProperty("details")[0].GetProperty("name").GetString()));
        Assert.Equal(["a", "c"], (await client.GetAsync(List + "?_since=0&_sort=id")).Ids);
    }

    [Fact]
    public async Task Batch_AccountDeletedByAPart_TheNextOnesAreNobodys()
    {
        using var anonymous = server.Anonymous();
        await anonymous.PutAsync("/accounts/batch-leaver", Password("s3cr3t"));
        using var leaver = server.As("batch-leaver", "s3cr3t");

        var answer = await leaver.PostAsync("/batch", $$$$"""
            {"requests":[
              {"method":"PUT","path":"{{{{List}}}}/a","body":{"data":{}}},
              {"method":"DELETE","path":"/accounts/batch-leaver"},
              {"method":"PUT","path":"{{{{List}}}}/b","body":{"data":{}}},
              {"method":"PUT","path":"/buckets/batch-leavers","body":{"data":{}}},
              {"path":"/"}
            ]}
            """);

        Assert.Equal([201, 200, 401, 401, 200], Statuses(answer));
        Assert.False(answer.Json.GetProperty("responses")[4].GetProperty("body").TryGetProperty("user", out _));
        using var other = await server.NewUserAsync();
        Assert.Equal(201, (await other.PutAsync("/buckets/batch-leavers", """{"data":{}}""")).Status);
    }

    [Theory]
    [InlineData("PATCH")]
    [InlineData("PUT")]
    public async Task Batch_PasswordChangedByAPart_TheNextOnesNeedTheNewOne(string method)
    {
        using var anonymous = server.Anonymous();
        var name = $"batch-changer-{method}";
        await anonymous.PutAsync($"/accounts/{name}", Password("first-1"));
        using var first = server.As(name, "first-1");

        var answer = await first.PostAsync("/batch", $$$$"""
            {"requests":[
              {"method":"{{{{method}}}}","path":"/accounts/{{{{name}}}}","body":{{{{Password("second-2")}}}}},
              {"method":"PUT","path":"{{{{List}}}}/a","body":{"data":{}},"headers":{"Authorization":"{{{{KintoClient.Basic(name, "second-2")}}}}"}},
              {"method":"PUT","path":"{{{{List}}}}/b","body":{"data":{}}},
              {"method":"PUT","path":"{{{{List}}}}/c","body":{"data":{}},"headers":{"Authorization":"{{{{KintoClient.Basic(name, "second-2")}}}}"}}
            ]}
            """);

        Assert.Equal([200, 201, 401, 201], Statuses(answer));
        using var second = server.As(name, "second-2");
        Assert.Equal(["c", "a"], (await second.GetAsync(List)).Ids);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Batch_AccountMadeByAPart_CanSignInNext(bool credentialsOfTheBatch)
    {
        using var anonymous = server.Anonymous();
        var name = $"batch-newcomer-{credentialsOfTheBatch}";
        using var newcomer = server.As(name, "s3cr3t");
        var headers = credentialsOfTheBatch ? "" : $$""","headers":{"Authorization":"{{KintoClient.Basic(name, "s3cr3t")}}"}""";

        var answer = await (credentialsOfTheBatch ? newcomer : anonymous).PostAsync("/batch", $$$$"""
            {"requests":[
              {"method":"PUT","path":"{{{{List}}}}/early","body":{"data":{}}{{{{headers}}}}},
              {"method":"PUT","path":"/accounts/{{{{name}}}}","body":{{{{Password("s3cr3t")}}}}},
              {"method":"PUT","path":"{{{{List}}}}/a","body":{"data":{}}{{{{headers}}}}}
            ]}
            """);

        Assert.Equal([401, 201, 201], Statuses(answer));
        Assert.Equal(["a"], (await newcomer.GetAsync(List)).Ids);
    }

    [Fact]
    public async Task Batch_OfManyPartsWithOneWrongPassword_IsOneWrongTry()
    {
        var throttled = await KintoServer.StartAsync(options => options with { Accounts = options.Accounts with { MaxFailures = 3 } });
        try
        {
            await throttled.AddAccountAsync("target", "s3cr3t");
            using var anonymous = throttled.Anonymous();
            using var wrong = throttled.As("target", "wrong-1");
            var parts = string.Join(',', Enumerable.Range(0, 10).Select(i => $$"""{"path":"{{List}}/{{i}}"}"""));

            Assert.All(Statuses(await wrong.PostAsync("/batch", $$"""{"requests":[{{parts}}]}""")), status => Assert.Equal(401, status));
            Assert.All(
                Statuses(await anonymous.PostAsync(
                    "/batch", $$$"""{"defaults":{"headers":{"Authorization":"{{{KintoClient.Basic("target", "wrong-2")}}}"}},"requests":[{{{parts}}}]}""")),
                status => Assert.Equal(401, status));
            (await wrong.GetAsync("/buckets")).AssertError(401, KintoErrno.MissingAuthToken);
            (await wrong.GetAsync("/buckets")).AssertError(429, KintoErrno.TooManyRequests);
        }
        finally
        {
            await throttled.DisposeAsync();
        }
    }

    [Fact]
    public async Task Batch_PartNotExecuted_NobodyIsSignedInForTheNextOnes()
    {
        var failing = await KintoServer.StartAsync(decorate: inner => new FailFor("b:second", inner));
        try
        {
            using var client = await failing.NewUserAsync();
            var answer = await client.PostAsync("/batch", $$$$"""
                {"requests":[
                  {"method":"PUT","path":"/buckets/first","body":{"data":{}}},
                  {"method":"PUT","path":"/buckets/second","body":{"data":{}}},
                  {"path":"/nothing"},
                  {"path":"/buckets","headers":{"Authorization":"{{{{KintoClient.Basic("user1", "other-1")}}}}"}},
                  {"path":"/","headers":{"Authorization":""}}
                ]}
                """);

            Assert.Equal([201, 503, 404, 503, 200], Statuses(answer));
        }
        finally
        {
            await failing.DisposeAsync();
        }
    }

    [Fact]
    public async Task Batch_Anonymous_GetsTheAnswersOfEachPart()
    {
        using var client = server.Anonymous();
        var answer = await client.PostAsync("/batch", """{"requests":[{"path":"/"},{"path":"/buckets"}]}""");
        Assert.Equal([200, 401], answer.Json.GetProperty("responses").EnumerateArray().Select(part => part.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task Batch_OverSeveralBuckets_ARunThatFailsStopsWhatFollows()
    {
        FaultyBucketStore? store = null;
        var failing = await KintoServer.StartAsync(decorate: inner => store = new FaultyBucketStore(new FailFor("b:second", inner)));
        try
        {
            using var client = await failing.NewUserAsync();
            var answer = await client.PostAsync("/batch", """
                {"defaults":{"method":"PUT","body":{"data":{}}},
                 "requests":[{"path":"/buckets/first"},{"path":"/buckets/second"},{"path":"/buckets/third"}]}
                """);

            var parts = answer.Json.GetProperty("responses").EnumerateArray().ToList();
            Assert.Equal([201, 503, 503], parts.Select(part => part.GetProperty("status").GetInt32()));
            Assert.True(parts[1].GetProperty("headers").TryGetProperty("Retry-After", out _));
            Assert.Equal(["first"], (await client.GetAsync("/buckets")).Ids);

            var whole = await client.PostAsync("/batch", """{"requests":[{"method":"PUT","path":"/buckets/second","body":{"data":{}}}]}""");
            whole.AssertError(503, KintoErrno.Backend);
            Assert.Equal("3", whole.Headers["Retry-After"]);
        }
        finally
        {
            await failing.DisposeAsync();
        }
    }

    private static string Password(string password) => $$$"""{"data":{"password":"{{{password}}}"}}""";

    private static IEnumerable<int> Statuses(KintoAnswer answer) =>
        answer.Json.GetProperty("responses").EnumerateArray().Select(part => part.GetProperty("status").GetInt32());

    private sealed class FailFor(string id, IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public override ValueTask<CommitOutcome> CommitAsync(BucketCommit commit) =>
            commit.Id.Value == id ? ValueTask.FromResult(CommitOutcome.NotExecuted) : base.CommitAsync(commit);
    }
}

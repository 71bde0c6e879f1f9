using Lockstep.Core.Accounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Kinto;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

public sealed class AccountTests(KintoServer server) : IClassFixture<KintoServer>
{
    [Fact]
    public async Task Account_AnswersNeverCarryPasswordOrHash()
    {
        using var anonymous = server.Anonymous();
        var made = await anonymous.PutAsync("/accounts/hashless", """{"data":{"password":"s3cr3t-x"}}""");
        using var client = server.As("hashless", "s3cr3t-x");
        var answers = new[]
        {
            made, await client.GetAsync("/accounts/hashless"), await client.GetAsync("/accounts"), await client.GetAsync("/"),
            await client.PutAsync("/accounts/hashless", """{"data":{"password":"s3cr3t-y"}}"""),
        };

        Assert.Equal([201, 200, 200, 200, 200], answers.Select(answer => answer.Status));
        Assert.All(answers, answer =>
        {
            Assert.DoesNotContain("password", answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("pbkdf2", answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cr3t", answer.Text, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task SignIn_WrongUnknownOrMalformed_Is401WithTheChallenge()
    {
        using var client = await server.NewUserAsync();
        foreach (var header in new[]
        {
            KintoClient.Basic("user1", "wrong!"), KintoClient.Basic("nobody", "s3cr3t"), "Basic", "Basic !!!", "Basic bm9jb2xvbg==",
            "Bearer abc", "Digest x", KintoClient.Basic("", ""), KintoClient.Basic("user1\0", "s3cr3t"), "Basic " + new string('A', 8000),
        })
        {
            var answer = await client.GetAsync("/buckets", ("Authorization", header));
            answer.AssertError(401, KintoErrno.MissingAuthToken);
            Assert.StartsWith("Basic", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
        }

        using var anonymous = server.Anonymous();
        (await anonymous.GetAsync("/buckets/none/collections/x")).AssertError(401, KintoErrno.MissingAuthToken);
        Assert.Equal(200, (await client.GetAsync("/", ("Authorization", "Basic !!!"))).Status);
    }

    [Fact]
    public async Task Password_Changed_TheOldOneIsRefusedAtOnce()
    {
        using var anonymous = server.Anonymous();
        await anonymous.PutAsync("/accounts/changer", """{"data":{"password":"first-1"}}""");
        using var first = server.As("changer", "first-1");
        using var second = server.As("changer", "second-2");
        var bucket = (await first.GetAsync("/buckets/default")).Data.GetProperty("id").GetString();

        Assert.Equal(200, (await first.SendAsync("PATCH", "/accounts/changer", """{"data":{"password":"second-2"}}""")).Status);

        (await first.GetAsync("/buckets/default")).AssertError(401, KintoErrno.MissingAuthToken);
        Assert.Equal(bucket, (await second.GetAsync("/buckets/default")).Data.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Account_OfSomebodyElse_IsOutOfReach()
    {
        using var alice = await server.NewUserAsync();
        using var anonymous = server.Anonymous();
        await anonymous.PutAsync("/accounts/victim", """{"data":{"password":"s3cr3t"}}""");

        foreach (var name in new[] { "victim", "nobody-at-all" })
        {
            (await alice.GetAsync($"/accounts/{name}")).AssertError(403, KintoErrno.Forbidden);
            (await alice.SendAsync("PATCH", $"/accounts/{name}", """{"data":{"password":"stolen-1"}}""")).AssertError(403, KintoErrno.Forbidden);
            (await alice.DeleteAsync($"/accounts/{name}")).AssertError(403, KintoErrno.Forbidden);
        }

        (await alice.PutAsync("/accounts/victim", """{"data":{"password":"stolen-1"}}""")).AssertError(403, KintoErrno.Forbidden);
        (await anonymous.PutAsync("/accounts/victim", """{"data":{"password":"stolen-1"}}""")).AssertError(401, KintoErrno.MissingAuthToken);
        (await anonymous.PostAsync("/accounts", """{"data":{"id":"victim","password":"stolen-1"}}""")).AssertError(401, KintoErrno.MissingAuthToken);
        using var victim = server.As("victim", "s3cr3t");
        Assert.Equal(["victim"], (await victim.GetAsync("/accounts")).Ids);
    }

    [Fact]
    public async Task Account_Deleted_TakesItsDataAlong_AndASuccessorOfTheNameFindsNothing()
    {
        using var anonymous = server.Anonymous();
        await anonymous.PutAsync("/accounts/leaver", """{"data":{"password":"s3cr3t"}}""");
        using var leaver = server.As("leaver", "s3cr3t");
        await leaver.PutAsync(KintoClient.Records + "/a", """{"data":{"private":true}}""");
        await leaver.PutAsync("/buckets/leavers-named", """{"data":{}}""");
        await leaver.PutAsync("/buckets/leavers-named/collections/c", """{"data":{}}""");
        var bucket = (await leaver.GetAsync("/buckets/default")).Data.GetProperty("id").GetString();

        var deleted = await leaver.DeleteAsync("/accounts/leaver");

        Assert.Equal(200, deleted.Status);
        Assert.True(deleted.Data.GetProperty("deleted").GetBoolean());
        (await leaver.GetAsync("/buckets")).AssertError(401, KintoErrno.MissingAuthToken);
        Assert.Equal(201, (await anonymous.PutAsync("/accounts/leaver", """{"data":{"password":"s3cr3t"}}""")).Status);
        Assert.Empty((await leaver.GetAsync("/buckets?_since=0")).Ids);
        Assert.Empty((await leaver.GetAsync(KintoClient.Records)).Ids);
        Assert.NotEqual(bucket, (await leaver.GetAsync("/buckets/default")).Data.GetProperty("id").GetString());
        (await leaver.GetAsync($"/buckets/{bucket}")).AssertError(403, KintoErrno.Forbidden);
        (await leaver.GetAsync("/buckets/leavers-named")).AssertError(403, KintoErrno.Forbidden);
    }

    [Fact]
    public async Task Account_DeletedWithManyDeletedBuckets_StillTakesTheLiveOnesAlong()
    {
        using var anonymous = server.Anonymous();
        await anonymous.PutAsync("/accounts/hoarder", """{"data":{"password":"s3cr3t"}}""");
        using var hoarder = server.As("hoarder", "s3cr3t");
        for (var batch = 0; batch < 41; batch++)
        {
            var requests = string.Join(',', Enumerable.Range(0, 25).Select(i => $"{{\"path\":\"/buckets/hoard{batch}-{i}\"}}"));
            Assert.Equal(200, (await hoarder.PostAsync("/batch", """{"defaults":{"method":"PUT","body":{"data":{}}},"requests":[""" + requests + "]}")).Status);
        }

        Assert.Equal(1025, (await hoarder.DeleteAsync("/buckets")).Ids.Count());
        await hoarder.PutAsync("/buckets/diary", """{"data":{"secret":true}}""");

        Assert.Equal(200, (await hoarder.DeleteAsync("/accounts/hoarder")).Status);
        await anonymous.PutAsync("/accounts/hoarder", """{"data":{"password":"s3cr3t"}}""");
        (await hoarder.GetAsync("/buckets/diary")).AssertError(403, KintoErrno.Forbidden);
        Assert.Empty((await hoarder.GetAsync("/buckets?_since=0")).Ids);
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("password")]
    public async Task Body_ThatArrivesAfterItsAccountChanged_IsRefused(string change)
    {
        using var anonymous = server.Anonymous();
        var name = $"slow-{change}";
        await anonymous.PutAsync($"/accounts/{name}", """{"data":{"password":"s3cr3t"}}""");
        using var client = server.As(name, "s3cr3t");
        Assert.Equal(200, (await client.GetAsync("/buckets")).Status);
        using var slow = new System.Net.Sockets.TcpClient();
        await slow.ConnectAsync(server.Address.Host, server.Address.Port);
        using var reader = new StreamReader(slow.GetStream());
        const string body = """{"data":{}}""";
        await slow.Client.SendAsync(System.Text.Encoding.ASCII.GetBytes(
            $"PUT /v1/buckets/late-{change} HTTP/1.1\r\nHost: {server.Address.Authority}\r\nAuthorization: {KintoClient.Basic(name, "s3cr3t")}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nExpect: 100-continue\r\n\r\n"));

        // The server asks for the body once it has signed the caller in.
        Assert.Equal("HTTP/1.1 100 Continue", await reader.ReadLineAsync());
        Assert.Equal(200, change is "delete"
            ? (await client.DeleteAsync($"/accounts/{name}")).Status
            : (await client.PutAsync($"/accounts/{name}", """{"data":{"password":"s3cr3t-2"}}""")).Status);
        await slow.Client.SendAsync(System.Text.Encoding.ASCII.GetBytes(body));

        Assert.Equal("", await reader.ReadLineAsync());
        Assert.Equal("HTTP/1.1 401 Unauthorized", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task SignIn_ManyWrongOnesAtOnce_AreNotAllTried()
    {
        var throttled = await KintoServer.StartAsync(options => options with { Accounts = options.Accounts with { MaxFailures = 5 } });
        try
        {
            await throttled.AddAccountAsync("target", "s3cr3t");
            var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(async guess =>
            {
                using var wrong = throttled.As("target", $"wrong-{guess}");
                return await wrong.GetAsync("/buckets");
            }));
            Assert.InRange(answers.Count(answer => answer.Status == 401), 1, 5);
            Assert.All(answers, answer => Assert.True(answer.Status is 401 or 429 or 503));
        }
        finally
        {
            await throttled.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("/accounts/x", """{"data":{}}""")]
    [InlineData("/accounts/x", """{}""")]
    [InlineData("/accounts/x", """{"data":{"password":5}}""")]
    [InlineData("/accounts/x", """{"data":{"password":"short"}}""")]
    [InlineData("/accounts/x", """{"data":{"password":"s3cr3t","id":"y"}}""")]
    [InlineData("/accounts/x", """{"data":{"password":"s3cr3t","admin":true}}""")]
    [InlineData("/accounts/-x", """{"data":{"password":"s3cr3t"}}""")]
    [InlineData("/accounts/a%20b", """{"data":{"password":"s3cr3t"}}""")]
    [InlineData("/accounts/x", """{"data":{"password":"\ud800s3cr3t"}}""")]
    [InlineData("/accounts/x", "nope")]
    public async Task Account_ThatCannotBe_Is400(string path, string body)
    {
        using var anonymous = server.Anonymous();
        (await anonymous.PutAsync(path, body)).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Account_Posted_IsMade()
    {
        using var anonymous = server.Anonymous();
        var made = await anonymous.PostAsync("/accounts", """{"data":{"id":"poster+1@example.org","password":"s3cr3t"}}""");
        Assert.Equal(201, made.Status);
        using var client = server.As("poster+1@example.org", "s3cr3t");
        Assert.Equal(200, (await client.GetAsync("/buckets")).Status);
    }

    [Fact]
    public async Task Account_StaleTag_Is412AndNothingIsChangedOrDeleted()
    {
        using var client = await MakeAsync("tagged");
        await client.PutAsync(KintoClient.Records + "/a", """{"data":{}}""");
        var before = await client.GetAsync("/accounts/tagged");
        (string, string) stale = ("If-Match", "\"1\"");
        foreach (var (method, body) in new[] { ("DELETE", null), ("PUT", Password("s3cr3t-2")), ("PATCH", Password("s3cr3t-2")), ("GET", null) })
        {
            var answer = await client.SendAsync(method, "/accounts/tagged", body, stale);

            answer.AssertError(412, KintoErrno.ModifiedMeanwhile);
            Assert.Equal(before.ETag, answer.ETag);
            Assert.Equal("tagged", answer.Json.GetProperty("details").GetProperty("existing").GetProperty("id").GetString());
            Assert.DoesNotContain("pbkdf2", answer.Text, StringComparison.Ordinal);
        }

        Assert.Equal(before.Text, (await client.GetAsync("/accounts/tagged")).Text);
        Assert.Equal(["a"], (await client.GetAsync(KintoClient.Records)).Ids);
        Assert.Equal(200, (await client.DeleteAsync("/accounts/tagged", ("If-Match", before.ETag))).Status);
        (await client.GetAsync(KintoClient.Records)).AssertError(401, KintoErrno.MissingAuthToken);
    }

    [Fact]
    public async Task Account_ConditionalRequests_AreJudgedAsElsewhere()
    {
        using var anonymous = server.Anonymous();
        (string, string) onlyNew = ("If-None-Match", "*");
        (await anonymous.PutAsync("/accounts/conditional", Password("s3cr3t"), ("If-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await anonymous.PutAsync("/accounts/conditional", Password("s3cr3t"), ("If-Match", "5"))).AssertError(400, KintoErrno.InvalidParameters);
        var made = await anonymous.PutAsync("/accounts/conditional", Password("s3cr3t"), onlyNew);
        Assert.Equal(201, made.Status);
        using var client = server.As("conditional", "s3cr3t");

        Assert.Equal(304, (await client.GetAsync("/accounts/conditional", ("If-None-Match", made.ETag))).Status);
        Assert.Equal(304, (await client.GetAsync("/accounts", ("If-None-Match", made.ETag))).Status);
        Assert.Equal(304, (await client.SendAsync("HEAD", "/accounts/conditional", null, ("If-None-Match", made.ETag))).Status);
        (await client.PutAsync("/accounts/conditional", Password("s3cr3t-2"), onlyNew)).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await client.PostAsync("/accounts", """{"data":{"id":"conditional","password":"s3cr3t-2"}}""", onlyNew)).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await client.GetAsync("/accounts", ("If-Match", "\"1\""))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        var changed = await client.PutAsync("/accounts/conditional", Password("s3cr3t-2"), ("If-Match", made.ETag));
        Assert.Equal(200, changed.Status);
        Assert.True(changed.Stamp > made.Stamp);
    }

    [Fact]
    public async Task Account_ChangedByManyWithTheSameTag_IsChangedOnce()
    {
        using var client = await MakeAsync("raced");
        var tag = (await client.GetAsync("/accounts/raced")).ETag;

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => client.SendAsync(
            "PATCH", "/accounts/raced", """{"permissions":{}}""", ("If-Match", tag))));

        Assert.Equal([200, .. Enumerable.Repeat(412, 11)], answers.Select(answer => answer.Status).Order());
    }

    [Theory]
    [InlineData("PUT", """{"data":{"password":"s3cr3t-2"},"other":1}""")]
    [InlineData("PATCH", """{"data":{"password":"s3cr3t-2"},"other":1}""")]
    [InlineData("PUT", """{"data":{"password":"s3cr3t-2"},"permissions":{"write":["account:mallory"]}}""")]
    [InlineData("PUT", """{"data":{"password":"s3cr3t-2"},"permissions":{"fly":[]}}""")]
    [InlineData("PATCH", """{"permissions":{"read":["system.Everyone"]}}""")]
    [InlineData("PATCH", """{"data":{"admin":true}}""")]
    [InlineData("PATCH", """{"data":{"password":"short"}}""")]
    [InlineData("PATCH", """{"data":{"id":"mallory"}}""")]
    [InlineData("PATCH", "{}")]
    [InlineData("PATCH", "[]")]
    [InlineData("PUT", """{"data":{}}""")]
    [InlineData("PATCH", """[{"op":"replace","path":"/data/password","value":"s3cr3t-2"}]""", "application/json-patch+json")]
    [InlineData("PATCH", """[{"op":"test","path":"/data/password","value":"s3cr3t"}]""", "application/json-patch+json")]
    [InlineData("PATCH", """[{"op":"add","path":"/data/admin","value":true}]""", "application/json-patch+json")]
    public async Task Account_BodyThatCannotBe_Is400AndChangesNothing(string method, string body, string type = "application/json")
    {
        using var client = await MakeAsync("strict");
        var before = await client.GetAsync("/accounts/strict");

        (await client.SendAsync(method, "/accounts/strict", body, ("Content-Type", type))).AssertError(400, KintoErrno.InvalidParameters);

        Assert.Equal(before.Text, (await client.GetAsync("/accounts/strict")).Text);
    }

    [Theory]
    [InlineData("""{"data":{"password":"s3cr3t-2"}}""", "application/json", true)]
    [InlineData("""{"data":{"password":"s3cr3t-2"},"permissions":{"write":["account:patched"]}}""", "application/json", true)]
    [InlineData("""{"data":{"password":"s3cr3t-2"}}""", "application/merge-patch+json", true)]
    [InlineData("""[{"op":"add","path":"/data/password","value":"s3cr3t-2"}]""", "application/json-patch+json", true)]
    [InlineData("""{"permissions":{"write":["account:patched"]}}""", "application/json", false)]
    [InlineData("""{"data":{}}""", "application/json", false)]
    [InlineData("""{"data":{"password":null}}""", "application/merge-patch+json", false)]
    public async Task Account_Patched_ByAnyKindOfPatch(string body, string type, bool changesPassword)
    {
        using var client = await MakeAsync("patched");
        var before = await client.GetAsync("/accounts/patched");

        var answer = await client.SendAsync("PATCH", "/accounts/patched", body, ("Content-Type", type), ("Response-Behavior", "light"));

        Assert.Equal((200, """{"data":{},"permissions":{"write":["account:patched"]}}"""), (answer.Status, answer.Text));
        Assert.True(answer.Stamp > before.Stamp);
        using var changed = server.As("patched", "s3cr3t-2");
        Assert.Equal(200, (await (changesPassword ? changed : client).GetAsync("/buckets")).Status);
        Assert.Equal(401, (await (changesPassword ? client : changed).GetAsync("/buckets")).Status);
    }

    [Fact]
    public async Task Accounts_ListedAndReadWithParameters_BehaveAsElsewhere()
    {
        using var client = await MakeAsync("listed");
        var list = await client.GetAsync("/accounts");

        Assert.Equal(["listed"], list.Ids);
        Assert.Equal("1", list.Headers["Total-Objects"]);
        Assert.Equal("1", (await client.SendAsync("HEAD", "/accounts")).Headers["Total-Objects"]);
        Assert.Empty((await client.GetAsync($"/accounts?_since={list.Stamp}")).Ids);
        Assert.Empty((await client.GetAsync("/accounts?exclude_id=listed")).Ids);
        Assert.Empty((await client.GetAsync("/accounts?has_password=true")).Ids);
        Assert.Empty((await client.GetAsync("/accounts?like_password=*")).Ids);
        Assert.Equal("1", (await client.SendAsync("HEAD", "/accounts?like_id=LIST*")).Headers["Total-Objects"]);
        (await client.GetAsync("/accounts/listed?_fields=a&_fields=b")).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(list.Data[0].GetRawText(), (await client.GetAsync("/accounts/listed?_fields=password")).Data.GetRawText());
        (await client.DeleteAsync("/accounts/listed?last_modified=abc")).AssertError(400, KintoErrno.InvalidParameters);
    }

    [Fact]
    public async Task Account_PostedByItsOwner_IsThereAndStaysAsItIs()
    {
        using var client = await MakeAsync("poster");
        var before = await client.GetAsync("/accounts/poster");

        var answer = await client.PostAsync("/accounts", """{"data":{"id":"poster","password":"s3cr3t-2"}}""");

        Assert.Equal((200, before.Text), (answer.Status, answer.Text));
        Assert.Equal(200, (await client.GetAsync("/buckets")).Status);
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Registration_Closed_MakesNoAccountsAndTellsNothing()
    {
        var closed = await KintoServer.StartAsync(options => options with { Accounts = options.Accounts with { Registration = Registration.Closed } });
        try
        {
            await closed.AddAccountAsync("known", "s3cr3t");
            using var anonymous = closed.Anonymous();
            using var known = closed.As("known", "s3cr3t");

            var taken = await anonymous.PutAsync("/accounts/known", """{"data":{"password":"s3cr3t"}}""");
            var free = await anonymous.PutAsync("/accounts/free", """{"data":{"password":"s3cr3t"}}""");

            taken.AssertError(401, KintoErrno.MissingAuthToken);
            Assert.Equal(taken.Text, free.Text);
            (await anonymous.PostAsync("/accounts", """{"data":{"id":"x","password":"s3cr3t"}}""")).AssertError(401, KintoErrno.MissingAuthToken);
            (await known.PutAsync("/accounts/other", """{"data":{"password":"s3cr3t"}}""")).AssertError(403, KintoErrno.Forbidden);
            Assert.Equal(200, (await known.PutAsync("/accounts/known", """{"data":{"password":"s3cr3t-2"}}""")).Status);
        }
        finally
        {
            await closed.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("Forwarded", "for=127.0.0.1")]
    [InlineData("Via", "1.1 proxy")]
    [InlineData("X-Real-IP", "10.0.0.1")]
    [InlineData("X-Anything-A-Proxy-Adds", "1")]
    [InlineData("CF-Connecting-IP", "192.0.2.1")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Host", "127.1.2.3")]
    [InlineData("Host", "sync.example.org")]
    [InlineData("Origin", "https://evil.example.org")]
    public async Task Registration_ThroughAProxyOrAForeignPage_IsClosedByDefault(string header, string value)
    {
        using var anonymous = server.Anonymous();
        (await anonymous.PutAsync("/accounts/proxied", """{"data":{"password":"s3cr3t"}}""", (header, value))).AssertError(401, KintoErrno.MissingAuthToken);
        Assert.Equal(201, (await anonymous.PutAsync($"/accounts/local-{Guid.NewGuid()}", """{"data":{"password":"s3cr3t"}}""", ("Origin", "http://localhost:3000"))).Status);
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Registration_WithAPublicUrl_IsClosedByDefault()
    {
        var published = await KintoServer.StartAsync(options => options with { Http = options.Http with { PublicUrl = "https://sync.example.org" } });
        try
        {
            using var anonymous = published.Anonymous();
            (await anonymous.PutAsync("/accounts/x", """{"data":{"password":"s3cr3t"}}""")).AssertError(401, KintoErrno.MissingAuthToken);
            Assert.Equal("https://sync.example.org/v1/", (await anonymous.GetAsync("/")).Json.GetProperty("url").GetString());
        }
        finally
        {
            await published.DisposeAsync();
        }
    }

    [Fact]
    public async Task SignIn_ManyRequestsAtOnceWithTheRightPassword_AreOneTry()
    {
        var cold = await KintoServer.StartAsync(options => options with { Accounts = options.Accounts with { MaxFailures = 1, PasswordIterations = 200_000 } });
        try
        {
            using var anonymous = cold.Anonymous();
            await anonymous.PutAsync("/accounts/target", """{"data":{"password":"s3cr3t"}}""");
            using var device = cold.As("target", "s3cr3t");

            var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => device.GetAsync("/buckets")));

            Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        }
        finally
        {
            await cold.DisposeAsync();
        }
    }

    /// <summary>A fault is nobody's wrong password.</summary>
    [Fact]
    public async Task SignIn_ThatEndsInAFault_DoesNotCount()
    {
        var faulty = await KintoServer.StartAsync(options => options with { Accounts = options.Accounts with { MaxFailures = 2 } });
        try
        {
            Assert.NotNull(await faulty.Services.GetRequiredService<IAccountStore>().AddAsync(
                "broken", "pbkdf2-sha512$1$!$!", ServerTimestamp.Now(TimeProvider.System), CancellationToken.None));
            using var broken = faulty.As("broken", "s3cr3t");
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal(500, (await broken.GetAsync("/buckets")).Status);
            }

            // What it took to begin with is given back: the same address goes on.
            using var other = faulty.As("other", "s3cr3t");
            await faulty.AddAccountAsync("other", "s3cr3t");
            Assert.Equal(200, (await other.GetAsync("/buckets")).Status);
        }
        finally
        {
            await faulty.DisposeAsync();
        }
    }

    [OneProcessFact("Silos take each other for dead by a clock that stands still or jumps.")]
    public async Task SignIn_TooManyFailures_Is429ForThatAccountOnly_UntilTheWindowEnds()
    {
        var time = new FakeTime { TimersAreReal = true };
        var throttled = await KintoServer.StartAsync(
            options => options with { Accounts = options.Accounts with { MaxFailures = 3, FailureWindow = TimeSpan.FromMinutes(5) } }, time: time);
        try
        {
            using var anonymous = throttled.Anonymous();
            await anonymous.PutAsync("/accounts/target", """{"data":{"password":"s3cr3t"}}""");
            await anonymous.PutAsync("/accounts/other", """{"data":{"password":"s3cr3t"}}""");
            using var known = throttled.As("target", "s3cr3t");
            Assert.Equal(200, (await known.GetAsync("/buckets")).Status);
            using var wrong = throttled.As("target", "wrong!");
            using var other = throttled.As("other", "s3cr3t");
            for (var i = 0; i < 3; i++)
            {
                // With a body too: it is signed in before and after that, and counts once.
                (await wrong.PutAsync(KintoClient.Records + "/a", """{"data":{}}""")).AssertError(401, KintoErrno.MissingAuthToken);
            }

            var refused = await wrong.GetAsync("/buckets");
            refused.AssertError(429, KintoErrno.TooManyRequests);
            Assert.InRange(int.Parse(refused.Headers["Retry-After"]), 1, 300);
            Assert.Equal(200, (await other.GetAsync("/buckets")).Status);
            Assert.Equal(200, (await known.GetAsync("/buckets")).Status);

            time.Advance(TimeSpan.FromMinutes(5));
            (await wrong.GetAsync("/buckets")).AssertError(401, KintoErrno.MissingAuthToken);
        }
        finally
        {
            await throttled.DisposeAsync();
        }
    }

    /// <summary>Somebody else is answered meanwhile, and whoever leaves is not waited for.</summary>
    [Fact]
    public async Task SignIn_ThatIsRefusedUnheard_IsHeldForAMoment()
    {
        var throttled = await KintoServer.StartAsync(
            static options => options with { Accounts = options.Accounts with { MaxFailures = 1, RefusalTime = TimeSpan.FromSeconds(3) } });
        try
        {
            using var anonymous = throttled.Anonymous();
            await anonymous.PutAsync("/accounts/held", """{"data":{"password":"s3cr3t"}}""");
            await anonymous.PutAsync("/accounts/free", """{"data":{"password":"s3cr3t"}}""");
            using var wrong = throttled.As("held", "wrong!");
            using var free = throttled.As("free", "s3cr3t");
            (await wrong.GetAsync("/buckets")).AssertError(401, KintoErrno.MissingAuthToken);

            var refused = wrong.GetAsync("/buckets");

            Assert.Equal(200, (await free.GetAsync("/buckets")).Status);
            Assert.False(refused.IsCompleted);
            (await refused).AssertError(429, KintoErrno.TooManyRequests);
        }
        finally
        {
            await throttled.DisposeAsync();
        }
    }

    [OneProcessFact("Silos take each other for dead by a clock that stands still or jumps.")]
    public async Task Registration_ThatIsOpen_IsSoOftenAnHour_AndOnlyWhatWasMadeCounts()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        var open = await KintoServer.StartAsync(
            options => options with
            {
                Accounts = options.Accounts with { Registration = Registration.Open, MaxRegistrationsPerHour = 2, Administrators = "account:admin" },
                Http = options.Http with { TrustedProxies = "127.0.0.1" },
            },
            time: time);
        try
        {
            using var anonymous = open.Anonymous();
            await open.AddAccountAsync("admin", "s3cr3t");
            using var admin = open.As("admin", "s3cr3t");
            Assert.Equal(201, await StatusAsync(anonymous, "a"));
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal(401, await StatusAsync(anonymous, "a"));
                Assert.Equal(400, (await anonymous.PutAsync("/accounts/b", Password("x"))).Status);
            }

            // Also by somebody who has signed in, and in a part of a batch.
            using var first = open.As("a", "s3cr3t");
            Assert.Equal(201, await StatusAsync(first, "b"));
            var refused = await first.PutAsync("/accounts/c", Password("s3cr3t"));
            refused.AssertError(429, KintoErrno.TooManyRequests);
            Assert.InRange(int.Parse(refused.Headers["Retry-After"]), 1, 3600);
            (await anonymous.PostAsync("/accounts", """{"data":{"id":"c","password":"s3cr3t"}}""")).AssertError(429, KintoErrno.TooManyRequests);
            var batch = await anonymous.PostAsync("/batch", $$$"""{"requests":[{"method":"PUT","path":"/accounts/c","body":{{{Password("s3cr3t")}}}},{"path":"/"}]}""");
            Assert.Equal([429, 200], batch.Json.GetProperty("responses").EnumerateArray().Select(static part => part.GetProperty("status").GetInt32()));

            Assert.Equal(201, (await anonymous.PutAsync("/accounts/elsewhere", Password("s3cr3t"), ("X-Forwarded-For", "192.0.2.1"))).Status);
            Assert.Equal(201, await StatusAsync(admin, "c"));
            Assert.Equal(200, (await first.PutAsync("/accounts/a", Password("s3cr3t"))).Status);

            time.Advance(TimeSpan.FromHours(1));
            Assert.Equal(201, await StatusAsync(anonymous, "d"));
        }
        finally
        {
            await open.DisposeAsync();
        }

        static async Task<int> StatusAsync(KintoClient client, string name) => (await client.PutAsync($"/accounts/{name}", Password("s3cr3t"))).Status;
    }

    private static string Password(string password) => $$$"""{"data":{"password":"{{{password}}}"}}""";

    /// <summary>A client of a new account of that name.</summary>
    private async Task<KintoClient> MakeAsync(string name)
    {
        await server.Services.GetRequiredService<AccountDirectory>().DeleteAsync(name, CancellationToken.None);
        await server.AddAccountAsync(name, "s3cr3t");
        return server.As(name, "s3cr3t");
    }

    [Fact]
    public async Task Administrator_SeesMakesChangesAndDeletesAllAccounts()
    {
        var guarded = await KintoServer.StartAsync(options => options with
        {
            Accounts = options.Accounts with { Administrators = "account:root, account:admin", Registration = Registration.Closed },
        });
        try
        {
            await guarded.AddAccountAsync("admin", "s3cr3t");
            await guarded.AddAccountAsync("alice", "s3cr3t");
            using var admin = guarded.As("admin", "s3cr3t");
            using var alice = guarded.As("alice", "s3cr3t");
            using var bob = guarded.As("bob", "0ther-one");

            Assert.Equal(201, (await admin.PutAsync("/accounts/bob", """{"data":{"password":"s3cr3t"}}""")).Status);
            Assert.Equal(201, (await admin.PostAsync("/accounts", """{"data":{"id":"carol","password":"s3cr3t"}}""")).Status);
            Assert.Equal(["admin", "alice", "bob", "carol"], (await admin.GetAsync("/accounts?_sort=id")).Ids);
            Assert.Equal("4", (await admin.SendAsync("HEAD", "/accounts")).Headers["Total-Objects"]);
            Assert.Equal(["alice"], (await alice.GetAsync("/accounts")).Ids);
            Assert.Equal(200, (await admin.SendAsync("PATCH", "/accounts/bob", """{"data":{"password":"0ther-one"}}""")).Status);
            Assert.Equal(200, (await bob.GetAsync("/accounts/bob")).Status);
            Assert.DoesNotContain("pbkdf", (await admin.GetAsync("/accounts/bob")).Text, StringComparison.OrdinalIgnoreCase);
            (await admin.GetAsync("/accounts/dave")).AssertError(404, KintoErrno.InvalidResourceId);
            (await alice.GetAsync("/accounts/bob")).AssertError(403, KintoErrno.Forbidden);
            (await alice.PutAsync("/accounts/dave", """{"data":{"password":"s3cr3t"}}""")).AssertError(403, KintoErrno.Forbidden);
            (await alice.DeleteAsync("/accounts/bob")).AssertError(403, KintoErrno.Forbidden);
            Assert.Equal(200, (await admin.DeleteAsync("/accounts/bob")).Status);
            (await bob.GetAsync("/accounts/bob")).AssertError(401, KintoErrno.MissingAuthToken);
            Assert.Equal(200, (await alice.GetAsync("/buckets/default")).Status);
        }
        finally
        {
            await guarded.DisposeAsync();
        }
    }
}

using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Kinto;
using Lockstep.Storage.Contract;

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

    [OneProcessFact("Silos take each other for dead by a clock that stands still or jumps.")]
    public async Task SignIn_TooManyFailures_Is429ForThatAccountOnly_UntilTheWindowEnds()
    {
        var time = new ManualTime();
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

            time.Pass(TimeSpan.FromMinutes(5));
            (await wrong.GetAsync("/buckets")).AssertError(401, KintoErrno.MissingAuthToken);
        }
        finally
        {
            await throttled.DisposeAsync();
        }
    }
}

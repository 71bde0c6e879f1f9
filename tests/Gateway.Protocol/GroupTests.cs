using System.Text.Json;
using Lockstep.Gateway.Kinto;

namespace Lockstep.Gateway.Protocol;

/// <summary>Groups: as objects, and as what their members may do.</summary>
public sealed class GroupTests : IClassFixture<GroupTests.Server>
{
    private readonly KintoServer server;

    public GroupTests(Server server) => this.server = server;

    /// <summary>One on which nobody counts as a member of another bucket's group for longer than they are.</summary>
    public sealed class Server() : KintoServer(static options => options with
    {
        Buckets = options.Buckets with { Access = options.Buckets.Access with { MembershipTime = TimeSpan.Zero, MaxForeignGroups = 3 } },
    });

    private static string NewBucket() => $"/buckets/groups-{Guid.NewGuid():N}";

    private async Task<(KintoClient Client, string Id)> UserAsync()
    {
        var client = await server.NewUserAsync();
        return (client, (await client.GetAsync("/")).Json.GetProperty("user").GetProperty("id").GetString()!);
    }

    private static async Task PutAsync(KintoClient client, string path, string body = "{}")
    {
        var answer = await client.PutAsync(path, body);
        Assert.True(answer.Status is 200 or 201, $"{path}: {answer.Status} {answer.Text}");
    }

    private static string Members(params string[] members) => $$$"""{"data":{"members":{{{JsonSerializer.Serialize(members)}}} } }""";

    private static string Read(params string[] principals) => $$$"""{"permissions":{"read":{{{JsonSerializer.Serialize(principals)}}} } }""";

    [Fact]
    public async Task Group_IsAnObjectLikeOthers_WithMembers()
    {
        var (alice, _) = await UserAsync();
        var bucket = NewBucket();
        await PutAsync(alice, bucket);
        var group = bucket + "/groups/staff";

        Assert.Equal(201, (await alice.PutAsync(group, Members("fxa:user"))).Status);
        Assert.Equal(["staff"], (await alice.GetAsync(bucket + "/groups")).Ids);
        Assert.Equal("fxa:user", (await alice.GetAsync(group)).Data.GetProperty("members")[0].GetString());
        Assert.Equal("[]", (await alice.PutAsync(bucket + "/groups/plain", """{"data":{"alias":"x"}}""")).Data.GetProperty("members").GetRawText());
        Assert.False((await alice.PutAsync(bucket + "/groups/bare", """{"permissions":{"write":["github:me"]}}""")).Data.TryGetProperty("members", out _));
        var patched = await alice.SendAsync("PATCH", group, """{"data":{"mail":"a@b"}}""");
        Assert.Equal("fxa:user", patched.Data.GetProperty("members")[0].GetString());
        Assert.Equal(201, (await alice.PostAsync(bucket + "/groups", Members("a:b"))).Status);
        Assert.Equal("4", (await alice.SendAsync("HEAD", bucket + "/groups")).Headers["Total-Objects"]);
        Assert.Equal(200, (await alice.DeleteAsync(group)).Status);
        var gone = await alice.GetAsync(group);
        gone.AssertError(404, KintoErrno.InvalidResourceId);
        Assert.Equal("group", gone.Json.GetProperty("details").GetProperty("resource_name").GetString());
        Assert.Equal(["staff"], (await alice.GetAsync(bucket + "/groups?deleted=true&_since=0")).Ids);
    }

    [Theory]
    [InlineData("""{"data":{"members":["system.Everyone"]}}""", "'system.Everyone' is not a valid user ID.")]
    [InlineData("""{"data":{"members":["/buckets/beers/groups/admins"]}}""", "'/buckets/beers/groups/admins' is not a valid user ID.")]
    [InlineData("""{"data":{"members":["account:bob#1"]}}""", "'account:bob#1' is not a valid user ID.")]
    [InlineData("""{"data":{"members":"account:bob"}}""", "list of principals")]
    [InlineData("""{"data":{"members":[1]}}""", "list of principals")]
    [InlineData("""{"data":{},"permissions":{"group:create":["a:b"]}}""", "group:create")]
    public async Task Group_ThatCannotBe_Is400_AndChangesNothing(string body, string why)
    {
        var (alice, _) = await UserAsync();
        var bucket = NewBucket();
        await PutAsync(alice, bucket);
        var answer = await alice.PutAsync(bucket + "/groups/g", body);

        answer.AssertError(400, KintoErrno.InvalidParameters);
        Assert.Contains(why, answer.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Empty((await alice.GetAsync(bucket + "/groups")).Ids);
    }

    [Fact]
    public async Task Member_MayWhatTheGroupMay_AsLongAsTheyAreIn()
    {
        var ((alice, _), (bob, bobId)) = (await UserAsync(), await UserAsync());
        var bucket = NewBucket();

        // Named before it is there, as deployments do.
        await PutAsync(alice, bucket, Read(bucket + "/groups/staff"));
        (await bob.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);
        await PutAsync(alice, bucket + "/groups/staff", Members(bobId, "fxa:x"));
        Assert.Equal(200, (await bob.GetAsync(bucket)).Status);
        await PutAsync(alice, bucket + "/groups/staff", Members("fxa:x"));
        (await bob.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);
        var operations = $$$"""[{"op":"add","path":"/data/members/-","value":"{{{bobId}}}"}]""";
        Assert.Equal(200, (await alice.SendAsync("PATCH", bucket + "/groups/staff", operations, ("Content-Type", "application/json-patch+json"))).Status);
        Assert.Equal(200, (await bob.GetAsync(bucket)).Status);
        Assert.Equal(200, (await alice.SendAsync("PATCH", bucket + "/groups/staff", """{"data":{"note":"x"}}""")).Status);
        Assert.Equal(200, (await bob.GetAsync(bucket)).Status);

        // In one transaction with what they do by it.
        var batch = await alice.PostAsync("/batch", $$$"""
            {"requests":[
                {"method":"DELETE","path":"{{{bucket}}}/groups/staff"},
                {"method":"PUT","path":"{{{bucket}}}/groups/staff","body":{{{Members(bobId)}}} }]}
            """);
        Assert.Equal([200, 201], batch.Json.GetProperty("responses").EnumerateArray().Select(part => part.GetProperty("status").GetInt32()));

        // The group that was named is gone; another one has its name.
        (await bob.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);
        await PutAsync(alice, bucket, Read(bucket + "/groups/staff"));
        Assert.Equal(200, (await bob.GetAsync(bucket)).Status);
        await alice.DeleteAsync(bucket + "/groups");
        (await bob.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);
    }

    [Fact]
    public async Task Group_OfWhoeverSignedIn_IsOfNobodyElse()
    {
        var ((alice, _), (bob, _)) = (await UserAsync(), await UserAsync());
        using var nobody = server.Anonymous();
        var bucket = NewBucket();
        await PutAsync(alice, bucket, Read(bucket + "/groups/all"));
        await PutAsync(alice, bucket + "/groups/all", Members("system.Authenticated"));

        Assert.Equal(200, (await bob.GetAsync(bucket)).Status);
        (await nobody.GetAsync(bucket)).AssertError(401, KintoErrno.MissingAuthToken);
    }

    [Fact]
    public async Task Member_WhoseNameIsGivenAnew_IsNobody()
    {
        var (alice, _) = await UserAsync();
        var name = $"member{Guid.NewGuid():N}";
        await server.AddAccountAsync(name, "s3cr3t");
        var bucket = NewBucket();
        await PutAsync(alice, bucket, Read(bucket + "/groups/staff"));
        await PutAsync(alice, bucket + "/groups/staff", Members($"account:{name}"));
        using (var first = server.As(name, "s3cr3t"))
        {
            Assert.Equal(200, (await first.GetAsync(bucket)).Status);
            Assert.Equal(200, (await first.DeleteAsync($"/accounts/{name}")).Status);
        }

        await server.AddAccountAsync(name, "0ther-one");
        using var second = server.As(name, "0ther-one");
        (await second.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);

        // A patch that says nothing of members leaves them who they were; one that names them means who has the name.
        await alice.SendAsync("PATCH", bucket + "/groups/staff", """{"data":{"note":"x"}}""");
        (await second.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);
        await PutAsync(alice, bucket + "/groups/staff", Members($"account:{name}"));
        Assert.Equal(200, (await second.GetAsync(bucket)).Status);
    }

    [Fact]
    public async Task Group_OfAnotherBucket_CountsWhereItIsNamed()
    {
        var ((alice, _), (bob, bobId), (carol, _)) = (await UserAsync(), await UserAsync(), await UserAsync());
        var (club, shop) = (NewBucket(), NewBucket());
        await PutAsync(carol, club);
        await PutAsync(carol, club + "/groups/staff", Members(bobId));
        await PutAsync(alice, shop);
        await PutAsync(alice, shop + "/collections/c", Read(club + "/groups/staff"));
        await PutAsync(alice, shop + "/collections/c/records/r");
        await PutAsync(alice, shop + "/collections/d");
        await PutAsync(alice, shop + "/collections/d/records/r", Read(club + "/groups/staff"));
        await PutAsync(alice, shop + "/collections/d/records/s");

        Assert.Equal(["r"], (await bob.GetAsync(shop + "/collections/c/records")).Ids);
        Assert.Equal(["r"], (await bob.GetAsync(shop + "/collections/d/records")).Ids);
        (await carol.GetAsync(shop + "/collections/c/records")).AssertError(403, KintoErrno.Forbidden);
        await PutAsync(carol, club + "/groups/staff", Members());
        (await bob.GetAsync(shop + "/collections/c/records")).AssertError(403, KintoErrno.Forbidden);
        (await bob.GetAsync(shop + "/collections/d/records")).AssertError(403, KintoErrno.Forbidden);
        await PutAsync(carol, club + "/groups/staff", Members(bobId));
        Assert.Equal(200, (await bob.GetAsync(shop + "/collections/c/records")).Status);

        // Its bucket is deleted and made again, by somebody else.
        Assert.Equal(200, (await carol.DeleteAsync(club)).Status);
        (await bob.GetAsync(shop + "/collections/c/records")).AssertError(403, KintoErrno.Forbidden);
        await PutAsync(bob, club);
        await PutAsync(bob, club + "/groups/staff", Members(bobId));
        (await bob.GetAsync(shop + "/collections/c/records")).AssertError(403, KintoErrno.Forbidden);
    }

    [Fact]
    public async Task Groups_OfOtherBuckets_MoreThanTheSetting_Are400_AndThoseNoLongerNamedDoNotCount()
    {
        var (alice, _) = await UserAsync();
        var (bucket, other) = (NewBucket(), NewBucket());
        await PutAsync(alice, bucket);
        await PutAsync(alice, bucket + "/collections/c", Read($"{other}/groups/a", $"{other}/groups/b"));
        await PutAsync(alice, bucket + "/collections/c/records/r", Read($"{other}/groups/c", $"{other}/groups/a"));

        (await alice.PutAsync(bucket + "/collections/c/records/s", Read($"{other}/groups/d"))).AssertError(400, KintoErrno.InvalidParameters);
        (await alice.GetAsync(bucket + "/collections/c/records/s")).AssertError(404, KintoErrno.InvalidResourceId);
        await PutAsync(alice, bucket + "/collections/c/records/s", Read($"{bucket}/groups/own"));
        await PutAsync(alice, bucket + "/collections/c", Read("a:b"));
        await PutAsync(alice, bucket + "/collections/c/records/t", Read($"{other}/groups/d"));
    }

    [Fact]
    public async Task Poller_WhoseMembershipComesAndGoes_HasWhatTheyMaySee()
    {
        var ((alice, _), (bob, bobId)) = (await UserAsync(), await UserAsync());
        var bucket = NewBucket();
        await PutAsync(alice, bucket, Read(bucket + "/groups/staff"));
        await PutAsync(alice, bucket + "/groups/staff", Members());
        await PutAsync(alice, bucket + "/collections/c");
        await PutAsync(alice, bucket + "/collections/c/records/mine", Read(bobId));
        await PutAsync(alice, bucket + "/collections/c/records/staffs");
        var poller = new PlainPoller(bob, bucket + "/collections/c/records");
        Assert.Equal(["mine"], await poller.PollAsync());

        await PutAsync(alice, bucket + "/groups/staff", Members(bobId));
        Assert.Equal(["mine", "staffs"], await poller.PollAsync());
        await PutAsync(alice, bucket + "/groups/staff", Members());
        Assert.Equal(["mine"], await poller.PollAsync());
        await PutAsync(alice, bucket + "/groups/staff", Members("a:b"));
        Assert.Equal(["mine"], await poller.PollAsync());
        Assert.Equal(2, poller.StartsOver);
    }

    [Fact]
    public async Task Members_AreThoseOfTheBucketsGroups_NotOfOnesOfTheSameNameElsewhere()
    {
        var ((alice, _), (mallory, malloryId)) = (await UserAsync(), await UserAsync());
        var (bucket, evil) = (NewBucket(), NewBucket());
        await PutAsync(alice, bucket, Read(bucket + "/groups/staff"));
        await PutAsync(mallory, evil);
        await PutAsync(mallory, evil + "/groups/staff", Members(malloryId));

        (await mallory.GetAsync(bucket)).AssertError(403, KintoErrno.Forbidden);
        (await mallory.PutAsync(bucket + "/groups/staff", Members(malloryId))).AssertError(403, KintoErrno.Forbidden);
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Kinto.Push;

namespace Lockstep.Gateway.Protocol;

/// <summary>Push subscriptions of users. What is sent to them is in <see cref="PushNoticesTests"/>.</summary>
public sealed partial class PushTests(PushServer server) : IClassFixture<PushServer>, IAsyncLifetime
{
    private const string Tasks = "/buckets/default/collections/tasks";
    private const string Phone = "/subscriptions/phone";

    private readonly PushApp app = new();
    private KintoClient alice = null!;

    public async Task InitializeAsync() => alice = await server.NewUserAsync();

    public Task DisposeAsync()
    {
        alice.Dispose();
        app.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Root_HasTheKeyThatBrowsersNeed_OfEachServerTheSame()
    {
        var push = (await alice.GetAsync("/")).Json.GetProperty("capabilities").GetProperty("push");

        var key = push.GetProperty("vapid_public_key").GetString()!;
        Assert.True(PushEncryption.IsPublicKey(System.Buffers.Text.Base64Url.DecodeFromChars(key)));
        Assert.Equal(key, (await alice.GetAsync("/")).Json.GetProperty("capabilities").GetProperty("push").GetProperty("vapid_public_key").GetString());
    }

    [Fact]
    public async Task Subscription_IsMade_Told_Renewed_AndDeleted()
    {
        var made = await alice.PutAsync(Phone, app.Body(Tasks));
        Assert.Equal(201, made.Status);
        var told = await alice.GetAsync(Phone);
        Assert.Equal((200, made.Text, made.ETag), (told.Status, told.Text, told.ETag));
        Assert.Equal(("phone", app.Endpoint, Tasks), (told.Data.GetProperty("id").GetString(), told.Data.GetProperty("endpoint").GetString(), told.Data.GetProperty("path").GetString()));
        Assert.Equal((app.PublicKey, app.AuthSecret), (told.Data.GetProperty("keys").GetProperty("p256dh").GetString(), told.Data.GetProperty("keys").GetProperty("auth").GetString()));

        var renewed = await alice.PutAsync(Phone, app.Body("/buckets/default"));
        Assert.Equal((200, "/buckets/default"), (renewed.Status, renewed.Data.GetProperty("path").GetString()));
        Assert.True(renewed.Stamp > made.Stamp);
        (await alice.PutAsync(Phone, app.Body(Tasks), ("If-Match", made.ETag))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        (await alice.PutAsync(Phone, app.Body(Tasks), ("If-None-Match", "*"))).AssertError(412, KintoErrno.ModifiedMeanwhile);
        Assert.Equal(["phone"], (await alice.GetAsync("/subscriptions")).Ids);
        Assert.Equal("1", (await alice.SendAsync("HEAD", "/subscriptions")).Headers["Total-Objects"]);

        Assert.Equal(200, (await alice.DeleteAsync(Phone)).Status);
        (await alice.GetAsync(Phone)).AssertError(404, KintoErrno.InvalidResourceId);
        (await alice.DeleteAsync(Phone)).AssertError(404, KintoErrno.InvalidResourceId);
        Assert.Empty((await alice.GetAsync("/subscriptions")).Ids);
    }

    [Fact]
    public async Task Subscription_IsItsUsersAlone()
    {
        using var bob = await server.NewUserAsync();
        await alice.PutAsync(Phone, app.Body(Tasks));

        (await bob.GetAsync(Phone)).AssertError(404, KintoErrno.InvalidResourceId);
        Assert.Empty((await bob.GetAsync("/subscriptions")).Ids);
        Assert.Equal(201, (await bob.PutAsync(Phone, app.Body(Tasks))).Status);
        await bob.DeleteAsync(Phone);
        Assert.Equal(200, (await alice.GetAsync(Phone)).Status);
    }

    [Theory]
    [InlineData("endpoint", "http://push.example.org/a")]
    [InlineData("endpoint", "https://push.example.org:8443/a")]
    [InlineData("endpoint", "https://user@push.example.org/a")]
    [InlineData("endpoint", "https://push.example.org/a#b")]
    [InlineData("endpoint", "https://example.org/a")]
    [InlineData("endpoint", "https://evilpush.example.org/a")]
    [InlineData("endpoint", "https://push.example.org.evil.example/a")]
    [InlineData("endpoint", "https://push.example.org./a")]
    [InlineData("endpoint", "https://127.0.0.1/a")]
    [InlineData("endpoint", "https://[::1]/a")]
    [InlineData("endpoint", "https://push.example.org/a\0b")]
    [InlineData("endpoint", "https://push.example.org/a\r\nb: c")]
    [InlineData("endpoint", " https://push.example.org/a ")]
    [InlineData("endpoint", "https://push\u3002example\u3002org/a")]
    [InlineData("endpoint", "/a")]
    [InlineData("endpoint", null)]
    [InlineData("keys.p256dh", "BA")]
    [InlineData("keys.p256dh", "not base64url")]
    [InlineData("keys.p256dh", null)]
    [InlineData("keys.p256dh", "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("keys.auth", "AAAA")]
    [InlineData("keys.auth", null)]
    [InlineData("path", "buckets/default")]
    [InlineData("path", "/buckets/default/collections")]
    [InlineData("path", "/buckets/default/collections/tasks/records")]
    [InlineData("path", "/buckets/default/groups/g")]
    [InlineData("path", "/buckets/default/collections/a.b")]
    [InlineData("path", "/")]
    [InlineData("path", null)]
    [InlineData("else", "x")]
    public async Task Subscription_ThatCannotBe_IsRefused_AndTheFieldIsNamed(string field, string? value)
    {
        var body = JsonNode.Parse(app.Body(Tasks))!;
        var parts = field.Split('.');
        (parts.Length == 2 ? body["data"]![parts[0]]! : body["data"]!)[parts[^1]] = value;

        var answer = await alice.PutAsync(Phone, body.ToJsonString());

        answer.AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal($"data.{field}", answer.Json.GetProperty("details")[0].GetProperty("name").GetString());
        (await alice.GetAsync(Phone)).AssertError(404, KintoErrno.InvalidResourceId);
    }

    [Theory]
    [InlineData("https://push.example.net/a")]
    [InlineData("https://eu.push.example.org/a?b=c")]
    [InlineData("https://PUSH.example.org:443/a")]
    public async Task Endpoint_AtAHostOfTheSettingsOrBelowOne_IsTaken(string endpoint)
    {
        using var other = new PushApp { Endpoint = endpoint };

        Assert.Equal(201, (await alice.PutAsync(Phone, other.Body(Tasks))).Status);
    }

    [Fact]
    public async Task Path_ThatTheUserMayNotRead_IsForbidden_AndOneThatIsNotThereIsToldOnlyToWhoMay()
    {
        using var bob = await server.NewUserAsync();
        var bucket = $"/buckets/b{Guid.NewGuid():N}";
        await alice.PutAsync(bucket, "{}");
        await alice.PutAsync($"{bucket}/collections/c", "{}");

        (await bob.PutAsync(Phone, app.Body($"{bucket}/collections/c"))).AssertError(403, KintoErrno.Forbidden);
        (await bob.PutAsync(Phone, app.Body(bucket))).AssertError(403, KintoErrno.Forbidden);
        (await bob.PutAsync(Phone, app.Body($"{bucket}/collections/none"))).AssertError(403, KintoErrno.Forbidden);
        (await alice.PutAsync(Phone, app.Body($"{bucket}/collections/none"))).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(201, (await alice.PutAsync(Phone, app.Body($"{bucket}/collections/c"))).Status);
        await alice.SendAsync("PATCH", $"{bucket}/collections/c", """{"permissions":{"read":["system.Authenticated"]}}""");
        Assert.Equal(201, (await bob.PutAsync(Phone, app.Body($"{bucket}/collections/c"))).Status);
    }

    [Fact]
    public async Task Subscriptions_BeyondTheMost_AreRefused()
    {
        for (var i = 0; i < PushServer.Most; i++)
        {
            Assert.Equal(201, (await alice.PutAsync($"/subscriptions/s{i}", app.Body(Tasks))).Status);
        }

        (await alice.PutAsync(Phone, app.Body(Tasks))).AssertError(400, KintoErrno.InvalidParameters);
        Assert.Equal(200, (await alice.PutAsync("/subscriptions/s0", app.Body(Tasks))).Status);
        await alice.DeleteAsync("/subscriptions/s1");
        Assert.Equal(201, (await alice.PutAsync(Phone, app.Body(Tasks))).Status);
    }

    [Fact]
    public void Settings_ThatCannotWork_AreProblems()
    {
        Assert.Empty(new PushOptions().Problems("Kinto:Push"));
        Assert.Empty(PushServer.Push.Problems("Kinto:Push"));
        Assert.Single((PushServer.Push with { Subject = null }).Problems("Kinto:Push"), static problem => problem.StartsWith("Kinto:Push:Subject is ''", StringComparison.Ordinal));
        Assert.Single((PushServer.Push with { Subject = "http://example.org" }).Problems("Kinto:Push"));
        foreach (var host in new[] { "localhost", "127.0.0.1", "[::1]", "com", ".com", "example.org.", "https://push.example.org", "push.example.org:443", "*.example.org" })
        {
            Assert.Single((PushServer.Push with { Hosts = host }).Problems("Kinto:Push"), problem => problem.StartsWith($"Kinto:Push:Hosts has '{host}'", StringComparison.Ordinal));
        }
    }
}

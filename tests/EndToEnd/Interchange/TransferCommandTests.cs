using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Lockstep.Testing;

namespace Lockstep.EndToEnd.Interchange;

/// <summary><c>export</c> and <c>import</c> as an administrator runs them, beside a server, from one store into another.</summary>
public sealed class TransferCommandTests : IAsyncLifetime
{
    private static readonly string[] Settings = ["--firefox-accounts:mode", "off"];

    private readonly TemporaryDirectory directory = new();
    private TestStorage one = null!;
    private TestStorage two = null!;

    private string Exported => Path.Combine(directory.Path, "all.jsonl");

    public async Task InitializeAsync() => (one, two) = (await TestStorage.CreateAsync(), await TestStorage.CreateAsync());

    public async Task DisposeAsync()
    {
        await one.DisposeAsync();
        await two.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Devices_OfAnExportedAccount_GoOnAtAnotherServer_WithTheirStamps()
    {
        // :: Step 1: a server with something in it is exported while it runs.
        Assert.Equal(0, (await ServerProcess.RunAsync(["account", "add", "alice", "--data-directory", one.Directory], "s3cr3t!", one.Environment)).Code);
        Assert.Equal(0, (await ServerProcess.RunAsync(["account", "add", "bob", "--data-directory", one.Directory], "s3cr3t!", one.Environment)).Code);
        EntityTagHeaderValue? tag;
        var (server, address) = await ServerProcess.StartAsync(one, Settings);
        using (server)
        using (var alice = Client(address))
        {
            for (var i = 0; i < 20; i++)
            {
                using var body = new StringContent($$$"""{"data":{"n":{{{i}}}}}""", Encoding.UTF8, "application/json");
                using var put = await alice.PutAsync($"buckets/default/collections/tasks/records/r{i}", body);
                Assert.Equal(HttpStatusCode.Created, put.StatusCode);
            }

            // Bob is to learn that this one is gone.
            foreach (var path in new[] { "buckets/team", "buckets/team/collections/c", "buckets/team/collections/c/records/shared" })
            {
                using var body = new StringContent("""{"permissions":{"read":["account:bob"]}}""", Encoding.UTF8, "application/json");
                using var put = await alice.PutAsync(path, body);
                Assert.Equal(HttpStatusCode.Created, put.StatusCode);
            }

            using var unshared = await alice.DeleteAsync("buckets/team/collections/c/records/shared");
            Assert.Equal(HttpStatusCode.OK, unshared.StatusCode);
            using var gone = await alice.DeleteAsync("buckets/default/collections/tasks/records/r3");
            Assert.Equal(HttpStatusCode.OK, gone.StatusCode);
            using var list = await alice.GetAsync("buckets/default/collections/tasks/records");
            tag = list.Headers.ETag;
            var export = await RunAsync(one, "export", Exported);
            Assert.True(export.Code == 0, export.Output);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }

        // :: Step 2: it is taken over, once.
        Assert.Equal(0, (await RunAsync(two, "import", "--check", Exported)).Code);
        var import = await RunAsync(two, "import", Exported);
        Assert.True(import.Code == 0, import.Output);
        Assert.Contains("Done: 2 accounts, 0 Sync users, 0 quotas, 2 buckets", import.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync(two, "import", Exported)).Code);
        var check = await RunAsync(two, "check");
        Assert.True(check.Code == 0, check.Output);

        // :: Step 3: a device that has all of it gets nothing, and one that has a part gets the rest.
        (server, address) = await ServerProcess.StartAsync(two, Settings);
        using (server)
        using (var alice = Client(address))
        {
            using var poll = new HttpRequestMessage(HttpMethod.Get, "buckets/default/collections/tasks/records");
            poll.Headers.IfNoneMatch.Add(tag!);
            using var unchanged = await alice.SendAsync(poll);
            Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
            using var since = await alice.GetAsync($"buckets/default/collections/tasks/records?_since={tag!.Tag.Trim('"')}");
            Assert.Equal("""{"data":[]}""", await since.Content.ReadAsStringAsync());
            var all = await alice.GetStringAsync("buckets/default/collections/tasks/records?_since=0");
            Assert.Contains("\"deleted\":true", all, StringComparison.Ordinal);
            Assert.Contains("\"n\":19", all, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Commands_ThatAreMisunderstood_SayHow_AndAnExportWritesOverNoFile()
    {
        Assert.Equal(2, (await RunAsync(one, "export")).Code);
        Assert.Equal(2, (await RunAsync(one, "export", "--check", Exported)).Code);
        Assert.Equal(2, (await RunAsync(one, "import", "--account", "alice", Exported)).Code);
        Assert.Equal(1, (await RunAsync(one, "import", Exported)).Code);
        await File.WriteAllTextAsync(Exported, "something");

        Assert.Equal(1, (await RunAsync(one, "export", Exported)).Code);

        Assert.Equal("something", await File.ReadAllTextAsync(Exported));
        var import = await RunAsync(one, "import", Exported);
        Assert.Equal(1, import.Code);
        Assert.Contains("has not one whole line", import.Output, StringComparison.Ordinal);
    }

    private static Task<(int Code, string Output)> RunAsync(TestStorage storage, params string[] arguments) =>
        ServerProcess.RunAsync([.. arguments, "--data-directory", storage.Directory], environment: storage.Environment);

    private static HttpClient Client(Uri address)
    {
        var client = new HttpClient { BaseAddress = new Uri(address, "/v1/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("alice:s3cr3t!")));
        return client;
    }
}

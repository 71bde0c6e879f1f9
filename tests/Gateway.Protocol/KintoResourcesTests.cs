using System.Text.RegularExpressions;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.OpenId;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Protocol;

/// <summary>The list of resources, walked: what is derived from it does what it says.</summary>
public sealed partial class KintoResourcesTests(KintoResourcesTests.FlushingServer server) : IClassFixture<KintoResourcesTests.FlushingServer>, IAsyncLifetime
{
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "ET", "FLY"];

    private static int accounts;

    // What one test leaves behind is no other's.
    private readonly string account = $"user{Interlocked.Increment(ref accounts)}";
    private KintoClient user = null!;

    /// <summary>Each resource with the ids that stand for its names.</summary>
    public static TheoryData<string> Templates => [.. KintoResources.All.Select(resource => resource.Template.Text)];

    public async Task InitializeAsync()
    {
        await server.AddAccountAsync(account, "s3cr3t");
        user = server.As(account, "s3cr3t");
    }

    public Task DisposeAsync()
    {
        user.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public void Docs_HaveTheResourcesOfTheTable_AndNoOthers()
    {
        var documented = MonitoringDocs.Lines("docs/protocol/kinto.md")
            .SkipWhile(line => !line.StartsWith("| Path | Methods |", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(MonitoringDocs.Cells)
            .SelectMany(cells => cells[0].Split(", ").Select(path => $"{path.Trim('`')} {cells[1]}"))
            .Where(row => !row.StartsWith("/buckets/default", StringComparison.Ordinal));
        var served = KintoResources.All.Select(resource => $"{Name().Replace(resource.Template.Text, "{id}")} {string.Join(' ', resource.Methods.Select(method => method.Name))}");

        Assert.Equal(served.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public async Task Method_ThatAResourceDoesNotHave_Is405WithTheOthers(string template)
    {
        var (resource, path) = Find(template);
        foreach (var method in Methods.Except(resource.Methods.Select(own => own.Name), StringComparer.Ordinal))
        {
            var answer = await user.SendAsync(method, path);

            Assert.Equal((method, 405, resource.Allow), (method, answer.Status, answer.Headers["Allow"]));
        }
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public async Task Preflight_TellsTheMethodsOfTheResource(string template)
    {
        var (resource, path) = Find(template);
        using var anonymous = server.Anonymous();

        var answer = await anonymous.SendAsync("OPTIONS", path, null, ("Origin", "https://a.example"), ("Access-Control-Request-Method", "GET"));

        Assert.Equal((200, resource.Allow), (answer.Status, answer.Headers["Access-Control-Allow-Methods"]));
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public async Task Method_ForThoseWhoSignedIn_Is401ForOthers(string template)
    {
        var (resource, path) = Find(template);
        using var anonymous = server.Anonymous();
        foreach (var method in resource.Methods)
        {
            var answer = await anonymous.SendAsync(method.Name, path);

            // Of what is shared with everyone there is nothing here.
            Assert.Equal(
                (method.Name, method.Access == Access.SignedIn || template.StartsWith("/buckets", StringComparison.Ordinal)), (method.Name, answer.Status == 401));
        }
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public async Task Resource_WithASlashMore_IsRedirected_AndInOtherLetters_IsNotThere(string template)
    {
        var (_, path) = Find(template);
        if (path is "/")
        {
            return;
        }

        Assert.Equal($"/v1{path}", (await user.GetAsync(path + "/")).Headers["Location"]);
        (await user.GetAsync(Upper().Replace(path, match => match.Value.ToUpperInvariant(), 1))).AssertError(404, KintoErrno.MissingResource);
        (await user.GetAsync("/" + path)).AssertError(404, KintoErrno.MissingResource);
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public async Task Resource_AsPartOfABatch_AnswersAsItDoesAlone(string template)
    {
        var (resource, path) = Find(template);
        if (template is "/batch")
        {
            return;
        }

        foreach (var target in new[] { path, path + "?a=%FF", path.Replace('b', 'B'), path + "/more" })
        {
            // Deleting the account would end the test; and what is deleted twice is gone.
            foreach (var method in Methods[..6].Except(["DELETE"], StringComparer.Ordinal))
            {
                var hasBody = method[0] == 'P';
                var alone = await user.SendAsync(method, target, hasBody ? """{"data":"none"}""" : null);
                var body = hasBody ? ""","body":{"data":"none"}""" : "";
                var batch = await user.PostAsync("/batch", $$"""{"requests":[{"method":"{{method}}","path":"{{target}}"{{body}}},{"path":"/"}]}""");

                Assert.Equal((method, target, alone.Status), (method, target, batch.Json.GetProperty("responses")[0].GetProperty("status").GetInt32()));
            }
        }
    }

    [Theory]
    [InlineData("/%62uckets/default", 200)]
    [InlineData("/buckets/def%61ult", 200)]
    [InlineData("/buckets/default%2Fcollections", 400)]
    [InlineData("/buckets/default%2fcollections", 400)]
    [InlineData("/buckets%2Fdefault", 404)]
    [InlineData("/buckets//collections", 404)]
    [InlineData("/buckets//", 307)]
    [InlineData("//buckets", 404)]
    [InlineData("/Buckets", 404)]
    [InlineData("/buckets/default/Collections", 404)]
    [InlineData("/buckets/%FF", 400)]
    [InlineData("/%FF", 404)]
    [InlineData("/buckets/%2E", 307)]
    [InlineData("/buckets/a/../default", 200)]
    [InlineData("/buckets/%C3%A9", 400)]
    [InlineData("/buckets/a%20b", 400)]
    [InlineData("/buckets/a+b", 400)]
    [InlineData("/buckets/a%252Fb", 400)]
    [InlineData("/buckets", 405, "get")]
    [InlineData("/buckets", 405, "Get")]
    public async Task Path_SpelledOddly_IsWhatItSays(string path, int status, string method = "GET")
    {
        using var raw = new System.Net.Sockets.TcpClient();
        await raw.ConnectAsync(server.Address.Host, server.Address.Port);
        await raw.Client.SendAsync(System.Text.Encoding.ASCII.GetBytes(
            $"{method} /v1{path} HTTP/1.1\r\nHost: {server.Address.Authority}\r\nAuthorization: {KintoClient.Basic(account, "s3cr3t")}\r\n\r\n"));
        using var reader = new StreamReader(raw.GetStream());

        Assert.Equal($"HTTP/1.1 {status}", (await reader.ReadLineAsync())![.."HTTP/1.1 200".Length]);
    }

    private (Resource<KintoHandler> Resource, string Path) Find(string template)
    {
        var resource = KintoResources.All.Single(resource => resource.Template.Text == template);
        return (resource, template.Replace("{account}", account).Replace("{bucket}", "default").Replace("{", "").Replace("}", ""));
    }

    /// <summary>With all that settings can add: a provider too, which does not answer.</summary>
    public sealed class FlushingServer() : KintoServer(options => options with
    {
        Kinto = options.Kinto with { Flush = true, History = new() { Enabled = true }, Contribute = "{}", Metrics = MetricsAccess.Administrators, Push = PushServer.Push },
        OpenId = new OpenIdOptions
        {
            Providers = new Dictionary<string, OpenIdProviderOptions>(StringComparer.Ordinal)
            {
                ["1"] = new() { Name = "corp", Issuer = "http://127.0.0.1:9", Audience = "kinto", ClientId = "kinto", Callbacks = "https://app.example.org/" },
            },
        },
    });

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Name();

    [GeneratedRegex("[a-z]+")]
    private static partial Regex Upper();
}

using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Lockstep.Core.Metering;
using Lockstep.Gateway.Kinto;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Protocol;

/// <summary>What operators let be read of the server: its measurements, and how to take part in the project.</summary>
[Collection(WholeProcess.Name)]
public sealed partial class UtilityTests(UtilityTests.Server server) : IClassFixture<UtilityTests.Server>
{
    private const string Administrator = "root";

    [Fact]
    public async Task Contribute_IsWhatTheSettingSays_AndNotThereWithoutIt()
    {
        using var client = server.Anonymous();
        var answer = await client.GetAsync("/contribute.json");

        Assert.Equal((200, "application/json", """{"name":"Ours"}"""), (answer.Status, answer.Headers["Content-Type"], answer.Text));
        Assert.Null(KintoResources.Table(new KintoOptions()).Match(RequestPath.OfDecoded("/contribute.json")));
    }

    [Fact]
    public async Task Metrics_AreForAdministrators_AndForEveryoneWhereTheSettingSaysSo()
    {
        await AddAdministratorAsync();
        using var anonymous = server.Anonymous();
        using var user = await server.NewUserAsync();
        using var administrator = server.As(Administrator, "s3cr3t");

        (await anonymous.GetAsync("/__metrics__")).AssertError(401, KintoErrno.MissingAuthToken);
        (await user.GetAsync("/__metrics__")).AssertError(403, KintoErrno.Forbidden);
        Assert.Equal(200, (await administrator.GetAsync("/__metrics__")).Status);
        Assert.Null(Metrics(MetricsAccess.Off));
        Assert.All(Metrics(MetricsAccess.Administrators)!.Methods, static method => Assert.Equal(Access.SignedIn, method.Access));
        Assert.All(Metrics(MetricsAccess.Everyone)!.Methods, static method => Assert.Equal(Access.Anonymous, method.Access));
    }

    [Fact]
    public async Task Metrics_AreWhatPrometheusReads_AndInABatchAText()
    {
        await AddAdministratorAsync();

        // Another instrument of the same name: each series comes once all the same.
        using var another = new Meter(LockstepMeter.Name, "another");
        another.CreateCounter<long>("lockstep.http.refusals").Add(1, KeyValuePair.Create<string, object?>(LockstepMeter.ReasonTag, "bodies"));
        using var client = server.As(Administrator, "s3cr3t");
        var answer = await client.GetAsync("/__metrics__");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Headers["Content-Type"]);
        var lines = answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var types = lines.Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(static line => line.Split(' ')).ToDictionary(static words => words[2], static words => words[3], StringComparer.Ordinal);
        var samples = lines.Where(static line => line[0] != '#').Select(static line => Sample().Match(line)).ToList();
        Assert.All(samples, static sample => Assert.True(sample.Success));
        Assert.Distinct(samples.Select(static sample => sample.Groups["name"].Value + sample.Groups["labels"].Value));
        Assert.All(samples, sample => Assert.Contains(FamilyOf(sample.Groups["name"].Value, types), types.Keys));
        Assert.Equal("counter", types["lockstep_http_refusals_total"]);
        Assert.Equal("gauge", types["lockstep_live_streams"]);
        Assert.Equal("histogram", types["http_server_request_duration_seconds"]);
        Assert.Contains(samples, static sample => sample.Value.StartsWith("lockstep_http_refusals_total{lockstep_reason=\"bodies\"} ", StringComparison.Ordinal));
        Assert.Contains(samples, static sample => sample.Value.StartsWith("target_info{", StringComparison.Ordinal) && sample.Value.Contains("service_name=\"lockstep\"", StringComparison.Ordinal));
        var counts = samples.Where(static sample => sample.Groups["name"].Value is "http_server_request_duration_seconds_count").ToList();
        Assert.All(counts, count => Assert.Contains(samples, sample => sample.Value == count.Value.Replace("_count{", "_bucket{", StringComparison.Ordinal).Replace("} ", ",le=\"+Inf\"} ", StringComparison.Ordinal)));

        var batch = await client.PostAsync("/batch", """{"requests":[{"path":"/__metrics__"}]}""");
        Assert.StartsWith("# ", batch.Json.GetProperty("responses")[0].GetProperty("body").GetString(), StringComparison.Ordinal);
    }

    private static Resource<KintoHandler>? Metrics(MetricsAccess access) =>
        KintoResources.Table(new KintoOptions { Metrics = access }).Match(RequestPath.OfDecoded("/__metrics__"))?.Resource;

    private static string FamilyOf(string name, Dictionary<string, string> types) => types.ContainsKey(name) ? name : Suffix().Replace(name, "");

    private async Task AddAdministratorAsync()
    {
        using var anonymous = server.Anonymous();
        _ = await anonymous.PutAsync($"/accounts/{Administrator}", """{"data":{"password":"s3cr3t"}}""");
    }

    public sealed class Server() : KintoServer(static options => options with
    {
        Accounts = options.Accounts with { Administrators = $"account:{Administrator}" },
        Kinto = options.Kinto with { Contribute = """{"name":"Ours"}""", Metrics = MetricsAccess.Administrators },
    });

    [GeneratedRegex("""^(?<name>[a-zA-Z_][a-zA-Z0-9_]*)(?<labels>\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*",?)*\})? (?<value>[0-9.eE+-]+|NaN|[+-]Inf)$""", RegexOptions.ExplicitCapture)]
    private static partial Regex Sample();

    [GeneratedRegex("_(bucket|sum|count)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Suffix();
}

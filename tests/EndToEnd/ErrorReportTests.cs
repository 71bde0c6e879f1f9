using System.Net;
using Lockstep.Storage.PostgreSql.Testing;

namespace Lockstep.EndToEnd;

/// <summary>Errors of the log that go to a Sentry over OTLP.</summary>
public sealed class ErrorReportTests
{
    [SqliteFact("The bound of the file is SQLite's, and what is sent does not depend on the engine.")]
    public async Task Error_GoesToASentry_WithItsException_AndNothingElseGoesThere()
    {
        await using var storage = await TestStorage.CreateAsync();
        await using var receiver = await SentryReceiver.StartAsync();
        var environment = new Dictionary<string, string>(storage.Environment)
        {
            ["LOCKSTEP_TELEMETRY__LOGS_HEADERS"] = $"{SentryReceiver.Header}={SentryReceiver.HeaderValue}",

            // Of another receiver.
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "Authorization=Bearer of-another",
        };
        var (server, address) = await ServerProcess.StartAsync(
            storage.Directory, ["--telemetry:logs-endpoint", receiver.Address + SentryReceiver.Path, "--max-database-bytes", "2097152"], environment);
        using (server)
        {
            using var alice = new Device(address, "alice", "s3cr3t-word");
            await alice.RegisterAsync("alice", "s3cr3t-word");
            var data = $$"""{"text":"{{new string('t', 300_000)}}"}""";
            var status = HttpStatusCode.Created;
            for (var i = 0; status == HttpStatusCode.Created; i++)
            {
                status = (await alice.PutAsync($"shopping{i}", data)).Status;
            }

            Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
            Assert.DoesNotContain("sentry_key", server.Output, StringComparison.Ordinal);
        }

        // All of them, the last at the stop at the latest.
        Assert.Empty(receiver.Refused);
        Assert.NotEmpty(receiver.Lines);
        Assert.All(receiver.Lines, static line => Assert.True(line is { Time: true, Severity: 17 }, line.ToString()));
        var error = receiver.Lines.First(static line => line.Attributes["lockstep.event.id"] == "21");
        Assert.StartsWith("The storage failed an operation", error.Text, StringComparison.Ordinal);
        Assert.Equal("lockstep", error.Category);
        Assert.Equal("lockstep", error.Resource["service.name"]);
        Assert.Contains("Exception", error.Attributes["exception.type"], StringComparison.Ordinal);
        Assert.NotEmpty(error.Attributes["exception.message"]);
        Assert.Contains("   at Lockstep.", error.Attributes["exception.stacktrace"], StringComparison.Ordinal);
        Assert.All(receiver.Lines, static line => Assert.DoesNotContain("shopping", line.ToString() + string.Join(' ', line.Attributes.Values), StringComparison.Ordinal));
    }
}

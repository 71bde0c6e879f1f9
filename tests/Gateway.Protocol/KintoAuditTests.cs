using System.Text.Json;
using Lockstep.Gateway.Audit;

namespace Lockstep.Gateway.Protocol;

/// <summary>The audit log of Kinto, as JSON.</summary>
public sealed class KintoAuditTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("lockstep-audit-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task Events_AreLines_OfSignInsRightsDeletionsAndWhatAdministratorsDo_AndOfNothingElse()
    {
        var file = Path.Combine(directory, "audit.json");
        var server = await KintoServer.StartAsync(options => options with
        {
            Audit = new AuditOptions { Json = file, Cef = Path.Combine(directory, "audit.cef") },
            Accounts = options.Accounts with { Administrators = "account:root", Registration = Accounts.Registration.Open },
        });
        string name;
        try
        {
            await server.AddAccountAsync("root", "s3cr3t");
            using var root = server.As("root", "s3cr3t");
            using var user = await server.NewUserAsync();
            name = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(user.Authorization![6..])).Split(':')[0];
            Assert.Equal(201, (await user.PutAsync("/buckets/team", """{"data":{"permissions":"of data"}}""")).Status);
            Assert.Equal(200, (await user.PutAsync("/buckets/team", """{"permissions":{"read":["system.Everyone"]}}""")).Status);
            Assert.Equal(200, (await user.SendAsync("PATCH", "/buckets/team", """[{"op":"remove","path":"/permissions/read/system.Everyone"}]""", ("Content-Type", "application/json-patch+json"))).Status);
            Assert.Equal(201, (await user.PutAsync("/buckets/team/collections/tasks", "{}")).Status);
            Assert.Equal(201, (await user.PutAsync("/buckets/team/collections/tasks/records/milk", """{"data":{"title":"permissions"}}""")).Status);
            Assert.Equal(200, (await user.PutAsync("/buckets/team/collections/tasks/records/milk", """{"permissions":{"write":["account:root"]}}""")).Status);
            Assert.Equal(201, (await user.PutAsync("/buckets/team/groups/cooks", $$$"""{"data":{"members":["account:{{{name}}}"]}}""")).Status);
            Assert.Equal(200, (await user.DeleteAsync("/buckets/team/collections/tasks/records/milk")).Status);
            Assert.Equal(403, (await root.DeleteAsync("/buckets/team")).Status);
            Assert.Equal(200, (await user.PostAsync("/batch", """{"requests":[{"method":"DELETE","path":"/buckets/team/collections/tasks"},{"method":"DELETE","path":"/buckets/team/collections/none"}]}""")).Status);
            using var wrong = server.As(name, "a wr0ng one");
            Assert.Equal(401, (await wrong.GetAsync("/buckets/team?secret=x")).Status);
            Assert.Equal(200, (await root.DeleteAsync($"/accounts/{name}")).Status);
        }
        finally
        {
            await server.DisposeAsync();
        }

        var lines = (await File.ReadAllLinesAsync(file)).Select(static line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            [
                $"AccountMade PUT /v1/accounts/{name} ",
                $"AccountSignedIn PUT /v1/buckets/team account:{name}",
                $"RightsSet PUT /v1/buckets/team account:{name}",
                $"RightsSet PATCH /v1/buckets/team account:{name}",
                $"RightsSet PUT /v1/buckets/team/collections/tasks/records/milk account:{name}",
                $"RightsSet PUT /v1/buckets/team/groups/cooks account:{name}",
                "AccountSignedIn DELETE /v1/buckets/team account:root",
                $"ObjectDeleted DELETE /v1/buckets/team/collections/tasks account:{name}",
                $"AuthFail GET /v1/buckets/team account:{name}",
                $"AdministratorActed DELETE /v1/accounts/{name} account:root",
            ],
            lines.Select(static line => $"{line.GetProperty("event")} {line.GetProperty("method")} {line.GetProperty("path")} {(line.TryGetProperty("user", out var user) ? user.GetString() : "")}"));
        Assert.All(lines, static line => Assert.Equal("127.0.0.1", line.GetProperty("address").GetString()));
        Assert.All(lines, static line => Assert.InRange(line.GetProperty("severity").GetInt32(), 3, 7));
        Assert.All(lines, static line => Assert.True(line.GetProperty("time").TryGetDateTimeOffset(out _)));
        Assert.Equal(lines.Count, (await File.ReadAllLinesAsync(Path.Combine(directory, "audit.cef"))).Length);
        Assert.All(Directory.EnumerateFiles(directory).Select(File.ReadAllText), static text => Assert.DoesNotContain("wr0ng", text, StringComparison.Ordinal));
    }
}

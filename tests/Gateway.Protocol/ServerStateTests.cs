using System.Text.Json;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Protocol;

/// <summary>What administrators see of the server itself: settings, figures, health, audit log.</summary>
[Collection(SharedAdministration.Name)]
public sealed class ServerStateTests(AdministeredServer server)
{
    [Fact]
    public async Task Settings_AreShown_WithoutTheirSecrets()
    {
        using var page = await server.SignInAsync("admin");

        var (_, json, text) = await page.SendAsync("GET", "/settings");

        var settings = json.GetProperty("settings").EnumerateArray().ToDictionary(static one => one.GetProperty("name").GetString()!, StringComparer.Ordinal);
        Assert.Equal("account:admin", settings["Accounts:Administrators"].GetProperty("value").GetString());
        Assert.Equal("25", settings["Kinto:BatchMaxRequests"].GetProperty("value").GetString());
        Assert.Equal("default", settings["Kinto:BatchMaxRequests"].GetProperty("origin").GetString());
        var secret = settings["Sync15:TokenSecrets"];
        Assert.True(secret.GetProperty("isSecret").GetBoolean() && secret.GetProperty("isSet").GetBoolean());
        Assert.Equal(JsonValueKind.Null, secret.GetProperty("value").ValueKind);
        Assert.DoesNotContain(AdministeredServer.Secret, text, StringComparison.Ordinal);
        if (server.Options.Postgres.Connection is { } connection)
        {
            Assert.DoesNotContain(connection, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Figures_AreThoseOfTheProcess_AndOfEachSilo()
    {
        using var page = await server.SignInAsync("admin");

        JsonElement figures = default;
        await Eventually.HoldsAsync("figures of each silo", async () =>
        {
            // A silo that takes too long is shown without them.
            figures = await page.GetAsync("/figures");
            return figures.GetProperty("silos") is { ValueKind: JsonValueKind.Array } all && all.EnumerateArray().All(static silo => silo.GetProperty("figures").ValueKind is JsonValueKind.Object);
        });

        var own = figures.GetProperty("own");
        Assert.Equal($"{Environment.MachineName}:{Environment.ProcessId}", own.GetProperty("process").GetString());
        var steps = own.GetProperty("at").GetArrayLength();
        Assert.All(own.GetProperty("series").EnumerateObject(), series => Assert.Equal(steps, series.Value.GetArrayLength()));
        Assert.True(own.GetProperty("series").TryGetProperty("p99", out _));
        var silos = figures.GetProperty("silos").EnumerateArray().ToList();
#if CLUSTER
        Assert.Equal(2, silos.Count);
        Assert.All(silos, static silo => Assert.False(silo.GetProperty("isOwn").GetBoolean()));
#else
        Assert.True(Assert.Single(silos).GetProperty("isOwn").GetBoolean());
#endif
        Assert.All(silos, static silo =>
        {
            Assert.Equal("Active", silo.GetProperty("status").GetString());
            Assert.NotEmpty(silo.GetProperty("figures").GetProperty("version").GetString()!);
            Assert.True(silo.GetProperty("since").GetInt64() > 0);
        });
    }

    [Fact]
    public async Task Health_HasEachDatabase_AndEachSilo()
    {
        using var page = await server.SignInAsync("admin");

        JsonElement health = default;
        await Eventually.HoldsAsync("each database and silo", async () =>
        {
            // What takes too long is shown as away.
            health = await page.GetAsync("/health");
            return health.GetProperty("databases").EnumerateArray().All(static database => database.GetProperty("isReachable").GetBoolean())
                && health.GetProperty("silos") is { ValueKind: JsonValueKind.Array } all && all.EnumerateArray().All(static silo => silo.GetProperty("version").ValueKind is JsonValueKind.String);
        });

        var databases = health.GetProperty("databases").EnumerateArray().ToList();
        Assert.Equal(1 + server.Options.Postgres.Shards.Count, databases.Count);
        Assert.All(databases, database =>
        {
            Assert.Equal(database.GetProperty("knownSchema").GetInt32(), database.GetProperty("schema").GetInt32());
            Assert.True(database.GetProperty("milliseconds").GetDouble() >= 0);
            Assert.StartsWith(server.Options.Postgres.Connection is null ? "SQLite, " : "PostgreSQL, ", database.GetProperty("name").GetString(), StringComparison.Ordinal);
            Assert.Equal(databases.Count > 1, database.GetProperty("shards").ValueKind is JsonValueKind.String);
        });
        Assert.All(health.GetProperty("silos").EnumerateArray(), static silo => Assert.Equal("Active", silo.GetProperty("status").GetString()));
        Assert.True(health.TryGetProperty("isReady", out _));
    }

    [Fact]
    public async Task Audit_HasWhatAdministratorsDid_AndNoPasswords()
    {
        using var page = await server.SignInAsync("admin");
        var name = $"audited{Guid.NewGuid():N}";
        Assert.Equal(201, (await page.SendAsync("POST", "/accounts", $$"""{"account":"{{name}}","password":"canary-password-9"}""")).Status);
        var (_, reset, _) = await page.SendAsync("POST", $"/accounts/{name}/password", "{}");
        var password = reset.GetProperty("password").GetString()!;
        Assert.Equal(204, (await page.SendAsync("DELETE", $"/accounts/{name}", $$"""{"confirm":"{{name}}"}""")).Status);

        var (_, audit, text) = await page.SendAsync("GET", "/audit");

        var events = audit.GetProperty("events").EnumerateArray()
            .Where(one => one.GetProperty("path").GetString()!.Contains(name, StringComparison.Ordinal)).ToList();
        Assert.Equal(["AdministratorDeletedAccount", "AdministratorResetPassword", "AdministratorMadeAccount"], events.Select(static one => one.GetProperty("signature").GetString()));
        Assert.All(events, static one => Assert.Equal("admin", one.GetProperty("user").GetString()));
        Assert.Equal(1_000, audit.GetProperty("kept").GetInt32());
        Assert.DoesNotContain("canary-password-9", text, StringComparison.Ordinal);
        Assert.DoesNotContain(password, text, StringComparison.Ordinal);
    }
}

using System.Text;
using System.Text.Json;
using Npgsql;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>What is asked while the database does not answer. 401 would be that the credential is bad, for which Firefox signs itself out: it is said of none here.</summary>
public sealed class StoreFaultTests
{
    [Fact]
    public async Task Credentials_WhileTheDatabaseDoesNotAnswer_AreNotRefused_AndAreGoodAfterwards()
    {
        var server = await AccountsServer.StartAsync(static options => options with { Postgres = options.Postgres with { LockTimeout = TimeSpan.FromMilliseconds(200) } });
        var person = await server.NewPersonAsync();
        var keyId = await person.KeyIdAsync(await person.KeyAsync());
        var refresh = (await person.TokensAsync()).String("refresh_token");
        var (sync, profile) = (await person.AccessTokenAsync(AccountClient.SyncScope), await person.AccessTokenAsync("profile"));
        var app = (await person.PostAsync("/account/app_passwords", new { name = "x", authPW = person.AuthPw })).Ok();
        var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{app.String("user")}:{app.String("password")}"));
        var fetch = (await person.LoginAsync(keys: true)).Ok().String("keyFetchToken");
        var session = AccountClient.Bearer(person.Session, "sessionToken");
        (string What, Func<Task<AccountAnswer>> Ask)[] all =
        [
            ("a session, signed", () => person.GetAsync("/session/status")),
            ("a session", () => person.Client.GetAsync("/auth/v1/session/status", session)),
            ("a phone's devices", () => person.Client.GetAsync("/auth/v1/account/devices", "Bearer " + refresh)),
            ("clients", () => person.Client.GetAsync("/auth/v1/account/attached_clients", session)),
            ("a token by session", () => TokenAsync(new { grant_type = "fxa-credentials", client_id = AccountClient.Desktop, scope = "profile" }, session)),
            ("a token by refresh token", () => TokenAsync(new { grant_type = "refresh_token", client_id = AccountClient.Desktop, refresh_token = refresh }, null)),
            ("introspection", () => person.Client.PostAsync("/auth/v1/introspect", new { token = refresh })),
            ("verification", () => person.Client.PostAsync("/auth/v1/verify", new { token = sync })),
            ("the profile", () => person.Client.GetAsync("/profile/v1/profile", "Bearer " + profile)),
            ("TokenServer", () => person.SyncTokenAsync(sync, keyId)),
            ("Syncto", () => person.SynctoAsync(sync, keyId)),
            ("an app password", () => person.Client.GetAsync("/v1/buckets/default/collections/a/records", basic)),
            ("keys", () => person.Client.GetAsync("/auth/v1/account/keys", AccountClient.Bearer(fetch, "keyFetchToken"))),
        ];

        await using (await HoldAsync(server.Options.Postgres.Connection!))
        {
            foreach (var (what, answer) in await Task.WhenAll(all.Select(static async one => (one.What, Answer: await one.Ask()))))
            {
                Assert.True(answer.Status == 503 && answer.Headers.ContainsKey("Retry-After"), $"{what}: {answer.Status} {answer.Text}");
            }
        }

        foreach (var (what, ask) in all)
        {
            var answer = await ask();
            Assert.True(answer.Status == 200, $"{what}: {answer.Status} {answer.Text}");
        }

        await server.DisposeAsync();

        Task<AccountAnswer> TokenAsync(object body, string? authorization) =>
            person.Client.SendAsync("POST", "/auth/v1/oauth/token", JsonSerializer.Serialize(body), authorization);
    }

    /// <summary>Nobody reads tokens until it is disposed.</summary>
    private static async Task<NpgsqlConnection> HoldAsync(string connection)
    {
        var holder = new NpgsqlConnection(connection + ";Pooling=false");
        await holder.OpenAsync();
        await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE account_tokens IN ACCESS EXCLUSIVE MODE", holder);
        await command.ExecuteNonQueryAsync();
        return holder;
    }
}

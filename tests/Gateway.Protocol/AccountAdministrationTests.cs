using System.Net;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Metering;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>Accounts, as administrators manage them.</summary>
[Collection(SharedAdministration.Name)]
public sealed class AccountAdministrationTests(AdministeredServer server) : IAsyncLifetime
{
    private readonly string prefix = $"a{Guid.NewGuid():N}"[..12];
    private PageClient page = null!;

    public async Task InitializeAsync() => page = await server.SignInAsync("admin");

    public Task DisposeAsync()
    {
        page.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Accounts_AreListedByPrefix_PageAfterPage_EachOnce()
    {
        // Also the name that is the prefix itself, and those on either side of it.
        string[] names = [prefix, .. Enumerable.Range(0, 60).Select(number => $"{prefix}-{number:00}")];
        foreach (var name in names.Append(prefix[..^1]).Append(prefix[..^1] + "zz"))
        {
            Assert.NotNull(await server.Accounts.AddHashedAsync(name, "hash", CancellationToken.None));
        }

        var first = await page.GetAsync($"/accounts?prefix={prefix}");
        var next = first.GetProperty("next").GetString();
        var second = await page.GetAsync($"/accounts?prefix={prefix}&after={next}");

        Assert.Equal(50, Names(first).Count);
        Assert.Equal(names, Names(first).Concat(Names(second)));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
        Assert.Contains("admin", Names(await page.GetAsync("/accounts?prefix=admin")));
        Assert.NotEmpty(Names(await page.GetAsync("/accounts")));
        Assert.Empty(Names(await page.GetAsync($"/accounts?prefix={prefix}-nobody")));
    }

    [Fact]
    public async Task Account_MadeWithoutAPassword_GetsOne_ThatIsShownOnce()
    {
        var (status, made, _) = await page.SendAsync("POST", "/accounts", $$"""{"account":"{{prefix}}"}""");

        Assert.Equal(201, status);
        var password = made.GetProperty("password").GetString()!;
        Assert.Equal(HttpStatusCode.OK, await KintoAsync(prefix, password));
        var (_, shown, text) = await page.SendAsync("GET", $"/accounts/{prefix}");
        Assert.Equal(prefix, shown.GetProperty("account").GetProperty("name").GetString());
        Assert.Equal($"account:{prefix}", shown.GetProperty("principal").GetString());
        Assert.DoesNotContain(password, text, StringComparison.Ordinal);
        Assert.Equal("409 name-taken", await page.RefusedAsync("POST", "/accounts", $$"""{"account":"{{prefix}}"}"""));
        Assert.Equal(HttpStatusCode.OK, await KintoAsync(prefix, password));
    }

    [Fact]
    public async Task Account_MadeWithAPassword_HasIt_AndTheAnswerDoesNotRepeatIt()
    {
        var (status, made, _) = await page.SendAsync("POST", "/accounts", $$"""{"account":"{{prefix}}","password":"chosen-by-hand"}""");

        Assert.Equal((201, JsonValueKind.Null), (status, made.GetProperty("password").ValueKind));
        Assert.Equal(HttpStatusCode.OK, await KintoAsync(prefix, "chosen-by-hand"));
    }

    [Theory]
    [InlineData("{}", "400 missing")]
    [InlineData("""{"account":"not a name"}""", "400 bad-name")]
    [InlineData("""{"account":"fine-name","password":"short"}""", "400 bad-password")]
    [InlineData("""{"account":"fine-name","password":12345678}""", "400 missing")]
    [InlineData("""{"account":"fine-name","password":"half a pair: \ud800"}""", "400 missing")]
    [InlineData("""[]""", "400 no-json")]
    public async Task Account_ThatCannotBe_IsNotMade(string body, string refusal)
    {
        Assert.Equal(refusal, await page.RefusedAsync("POST", "/accounts", body));
        Assert.Null(await server.Accounts.FindByNameAsync("fine-name", CancellationToken.None));
    }

    [Fact]
    public async Task Password_Reset_IsAnother_AndTheFormerOneNoLongerWorks()
    {
        var user = await server.NewUserAsync();
        Assert.Equal(HttpStatusCode.OK, await KintoAsync(user, AdministeredServer.Password));
        using var their = await server.SignInAsync(user);

        var (status, reset, _) = await page.SendAsync("POST", $"/accounts/{user}/password", "{}");

        Assert.Equal(200, status);
        Assert.Equal(HttpStatusCode.OK, await KintoAsync(user, reset.GetProperty("password").GetString()!));
        Assert.Equal(HttpStatusCode.Unauthorized, await KintoAsync(user, AdministeredServer.Password));
        Assert.Equal(JsonValueKind.Null, (await their.GetAsync("/session")).GetProperty("account").ValueKind);
        Assert.Equal("404 no-account", await page.RefusedAsync("POST", $"/accounts/{prefix}-nobody/password", "{}"));
    }

    [Fact]
    public async Task Password_ThatGuardsAKey_IsNotReset()
    {
        var name = $"{prefix}@example.org";
        var account = new KeyedAccount(new Account(0, name, "hash of a stretched password", new ServerTimestamp(1), IsBeingDeleted: false), Guid.NewGuid().ToString("N"), name)
        {
            WrappedKey = "key", Generation = 1, KeysChangedAt = 1, Created = new ServerTimestamp(1),
        };
        Assert.NotNull(await server.Services.GetRequiredService<IKeyedAccountStore>().AddAsync(account, [], invitation: null, CancellationToken.None));

        Assert.Equal("409 guards-a-key", await page.RefusedAsync("POST", $"/accounts/{name}/password", "{}"));
        Assert.True((await page.GetAsync($"/accounts/{name}")).GetProperty("guardsAKey").GetBoolean());
    }

    [Fact]
    public async Task Quota_IsSet_Changed_AndRemoved()
    {
        var user = await server.NewUserAsync();
        Assert.Equal(JsonValueKind.Null, (await page.GetAsync($"/accounts/{user}")).GetProperty("quota").ValueKind);

        Assert.Equal(200, (await page.SendAsync("PUT", $"/accounts/{user}/quota", """{"bytes":1000,"records":null}""")).Status);
        Assert.Equal("""{"bytes":1000,"records":null}""", (await page.GetAsync($"/accounts/{user}")).GetProperty("quota").GetRawText());
        Assert.Equal(200, (await page.SendAsync("PUT", $"/accounts/{user}/quota", """{"bytes":0,"records":7}""")).Status);
        Assert.Equal("""{"bytes":0,"records":7}""", (await page.GetAsync($"/accounts/{user}")).GetProperty("quota").GetRawText());
        Assert.Equal(200, (await page.SendAsync("PUT", $"/accounts/{user}/quota", """{"bytes":null,"records":null}""")).Status);
        Assert.Equal(JsonValueKind.Null, (await page.GetAsync($"/accounts/{user}")).GetProperty("quota").ValueKind);
    }

    [Theory]
    [InlineData("""{"bytes":-1,"records":null}""")]
    [InlineData("""{"bytes":1.5,"records":null}""")]
    [InlineData("""{"bytes":"1","records":null}""")]
    [InlineData("""{"bytes":null}""")]
    [InlineData("{}")]
    public async Task Quota_ThatCannotBe_IsNotSet(string body)
    {
        var user = await server.NewUserAsync();

        Assert.Equal("400 bad-number", await page.RefusedAsync("PUT", $"/accounts/{user}/quota", body));
        Assert.Equal(JsonValueKind.Null, (await page.GetAsync($"/accounts/{user}")).GetProperty("quota").ValueKind);
    }

    [Fact]
    public async Task Account_IsDeletedWithItsData_OnlyIfItsNameConfirmsThat()
    {
        var user = await server.NewUserAsync();
        Assert.Equal("400 not-confirmed", await page.RefusedAsync("DELETE", $"/accounts/{user}", "{}"));
        Assert.Equal("400 not-confirmed", await page.RefusedAsync("DELETE", $"/accounts/{user}", """{"confirm":"another"}"""));
        Assert.Equal(HttpStatusCode.OK, await KintoAsync(user, AdministeredServer.Password));

        Assert.Equal(204, (await page.SendAsync("DELETE", $"/accounts/{user}", $$"""{"confirm":"{{user}}"}""")).Status);

        Assert.Equal("404 no-account", await page.RefusedAsync("GET", $"/accounts/{user}"));
        Assert.Equal("404 no-account", await page.RefusedAsync("DELETE", $"/accounts/{user}", $$"""{"confirm":"{{user}}"}"""));
        Assert.Equal(HttpStatusCode.Unauthorized, await KintoAsync(user, AdministeredServer.Password));
    }

    [Fact]
    public async Task Administrator_DoesNotDeleteThemselves() =>
        Assert.Equal("409 own-account", await page.RefusedAsync("DELETE", "/accounts/admin", """{"confirm":"admin"}"""));

    [Fact]
    public async Task Account_ThatIsDisabled_OpensNothing_AndIsAsBefore_OnceItIsEnabled()
    {
        var user = await server.NewUserAsync();
        using var their = await server.SignInAsync(user);
        var (bucket, reader) = ($"of-{user}", await server.NewUserAsync());
        Assert.Equal(201, await WriteAsync(user, $"/v1/buckets/{bucket}", $$$"""{"permissions":{"read":["account:{{{reader}}}"]}}"""));

        Assert.Equal("""{"disabled":true}""", (await page.SendAsync("PUT", $"/accounts/{user}/state", """{"disabled":true}""")).Text);

        Assert.Equal(HttpStatusCode.Unauthorized, await KintoAsync(user, AdministeredServer.Password));
        Assert.Equal(JsonValueKind.Null, (await their.GetAsync("/session")).GetProperty("account").ValueKind);
        Assert.Equal("403 wrong-password", await their.RefusedAsync("POST", "/session", $$"""{"account":"{{user}}","password":"{{AdministeredServer.Password}}"}"""));
        Assert.Equal(200, await ReadAsync(reader, $"/v1/buckets/{bucket}"));
        Assert.True((await page.GetAsync($"/accounts/{user}")).GetProperty("account").GetProperty("isDisabled").GetBoolean());
        Assert.True((await page.GetAsync($"/accounts?prefix={user}")).GetProperty("accounts")[0].GetProperty("isDisabled").GetBoolean());

        // The name stays taken.
        Assert.Equal("409 name-taken", await page.RefusedAsync("POST", "/accounts", $$"""{"account":"{{user}}"}"""));
        Assert.Equal("""{"disabled":true}""", (await page.SendAsync("PUT", $"/accounts/{user}/state", """{"disabled":true}""")).Text);

        Assert.Equal("""{"disabled":false}""", (await page.SendAsync("PUT", $"/accounts/{user}/state", """{"disabled":false}""")).Text);

        Assert.Equal(HttpStatusCode.OK, await KintoAsync(user, AdministeredServer.Password));
        Assert.Equal(user, (await their.GetAsync("/session")).GetProperty("account").GetString());
        Assert.Equal(200, await WriteAsync(user, $"/v1/buckets/{bucket}", """{"data":{"a":1}}"""));
    }

    [Fact]
    public async Task Account_DisabledByAnotherProcess_WritesNothingMore_ThoughItsSignInIsRemembered()
    {
        var user = await server.NewUserAsync();
        Assert.Equal(201, await WriteAsync(user, $"/v1/buckets/of-{user}", "{}"));
        var store = server.Services.GetRequiredService<IAccountStore>();
        var number = (await store.FindAsync(user, CancellationToken.None))!.Number;

        // As the command does it, beside the server: that remembers the sign-in for a while.
        await store.SetDisabledAsync(number, isDisabled: true, ServerTimestamp.Now(server.Time), CancellationToken.None);
        await store.SuspendAsync(number, CancellationToken.None);

        Assert.Equal(401, await WriteAsync(user, $"/v1/buckets/of-{user}", """{"data":{"late":true}}"""));
        Assert.Equal(401, await WriteAsync(user, $"/v1/buckets/late-{user}", "{}"));
        Assert.Equal(HttpStatusCode.Unauthorized, await KintoAsync(user, AdministeredServer.Password));
    }

    [Theory]
    [InlineData(nameof(IAccountStore.SetDisabledAsync))]
    [InlineData(nameof(IAccountStore.SuspendAsync))]
    public async Task Account_ThatIsEnabledWhileAnotherDisablesIt_WritesOrNot_AsItsRowSays(string enabledBefore)
    {
        var user = await server.NewUserAsync();
        var account = (await server.Accounts.FindByNameAsync(user, CancellationToken.None))!;
        var slow = DirectoryWith(enabledBefore, async () => await server.Accounts.EnableAsync(account, CancellationToken.None));

        var now = (await slow.DisableAsync(account, CancellationToken.None))!;

        Assert.Equal(now.IsDisabled, (await server.Accounts.FindByNameAsync(user, CancellationToken.None))!.IsDisabled);
        Assert.Equal(now.IsDisabled ? 401 : 201, await WriteAsync(user, $"/v1/buckets/of-{user}", "{}"));
    }

    [Theory]
    [InlineData(nameof(IAccountStore.SetDisabledAsync))]
    [InlineData(nameof(IAccountStore.ResumeAsync))]
    public async Task Account_ThatIsDisabledWhileAnotherEnablesIt_WritesOrNot_AsItsRowSays(string disabledBefore)
    {
        var user = await server.NewUserAsync();
        var account = (await server.Accounts.FindByNameAsync(user, CancellationToken.None))!;
        await server.Accounts.DisableAsync(account, CancellationToken.None);
        var slow = DirectoryWith(disabledBefore, async () => await server.Accounts.DisableAsync(account, CancellationToken.None));

        var now = (await slow.EnableAsync(account, CancellationToken.None))!;

        Assert.Equal(now.IsDisabled, (await server.Accounts.FindByNameAsync(user, CancellationToken.None))!.IsDisabled);
        Assert.Equal(now.IsDisabled ? 401 : 201, await WriteAsync(user, $"/v1/buckets/of-{user}", "{}"));
    }

    [Fact]
    public async Task Account_MadeAgain_WritesAtOnce_ThoughASignInWithItsFormerOneIsRemembered()
    {
        var user = await server.NewUserAsync();
        Assert.Equal(201, await WriteAsync(user, $"/v1/buckets/of-{user}", "{}"));
        var other = DirectoryWith("", static () => Task.CompletedTask);
        Assert.True(await other.DeleteAsync(user, CancellationToken.None));

        Assert.NotNull(await server.Accounts.AddAsync(user, AdministeredServer.Password, CancellationToken.None));

        Assert.Equal(201, await WriteAsync(user, $"/v1/buckets/of-{user}", "{}"));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"disabled":null}""")]
    [InlineData("""{"disabled":"true"}""")]
    public async Task State_ThatCannotBe_IsNotSet(string body)
    {
        var user = await server.NewUserAsync();

        Assert.Equal("400 bad-flag", await page.RefusedAsync("PUT", $"/accounts/{user}/state", body));
        Assert.Equal(HttpStatusCode.OK, await KintoAsync(user, AdministeredServer.Password));
        Assert.Equal("404 no-account", await page.RefusedAsync("PUT", $"/accounts/{prefix}-nobody/state", """{"disabled":true}"""));
    }

    [Fact]
    public async Task Administrator_DoesNotDisableThemselves()
    {
        Assert.Equal("409 own-account", await page.RefusedAsync("PUT", "/accounts/admin/state", """{"disabled":true}"""));
        Assert.Equal(200, (await page.SendAsync("PUT", "/accounts/admin/state", """{"disabled":false}""")).Status);
    }

    /// <summary>The accounts as another process has them, in which something else happens before a call of the store.</summary>
    private AccountDirectory DirectoryWith(string call, Func<Task> before)
    {
        var services = server.Services;
        return new AccountDirectory(
            AccountsInBetween.Of(services.GetRequiredService<IAccountStore>(), call, before), services.GetRequiredService<IBucketIndex>(), services.GetRequiredService<IBuckets>(),
            services.GetRequiredService<ISignInThrottle>(), services.GetRequiredService<AccountSecret>(), services.GetRequiredService<AccountOptions>(), services.GetRequiredService<GatewayMetrics>(), server.Time);
    }

    private static List<string> Names(JsonElement page) => [.. page.GetProperty("accounts").EnumerateArray().Select(static account => account.GetProperty("name").GetString()!)];

    /// <summary>Whether somebody can sign in at all.</summary>
    private async Task<HttpStatusCode> KintoAsync(string name, string password)
    {
        using var client = new PageClient(server.Address);
        using var answer = await client.SendRawAsync("GET", "/v1/buckets", authorization: Basic(name, password));
        return answer.StatusCode;
    }

    private async Task<int> WriteAsync(string name, string path, string body)
    {
        using var client = new PageClient(server.Address);
        using var answer = await client.SendRawAsync("PUT", path, body, authorization: Basic(name, AdministeredServer.Password));
        return (int)answer.StatusCode;
    }

    private async Task<int> ReadAsync(string name, string path)
    {
        using var client = new PageClient(server.Address);
        using var answer = await client.SendRawAsync("GET", path, authorization: Basic(name, AdministeredServer.Password));
        return (int)answer.StatusCode;
    }

    private static string Basic(string name, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"));
}

using System.Net;
using System.Text;
using Lockstep.Gateway.Console;
using Lockstep.Gateway.Console.Administration;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Protocol;

/// <summary>What administrators have is for administrators, in the console alone.</summary>
[Collection(SharedAdministration.Name)]
public sealed class AdministrationAccessTests(AdministeredServer server)
{
    private static readonly (string Method, string Path)[] All =
    [
        .. AdministrationResources.Of(static (method, handler) => new ResourceMethod<ConsoleHandler>(method, Access.SignedIn, BodyKind.None, handler))
            .SelectMany(static resource => resource.Methods.Select(method => (method.Name, resource.Template.Text.Replace("{account}", "bob", StringComparison.Ordinal).Replace("{bucket}", "b:bob", StringComparison.Ordinal)))),
    ];

    [Fact]
    public async Task Anonymous_IsAskedToSignIn_EverywhereBefore_AnythingElse()
    {
        using var page = new PageClient(server.Address);

        Assert.InRange(All.Length, 13, int.MaxValue);
        foreach (var (method, path) in All)
        {
            Assert.Equal($"{method} {path}: 401 signed-out", $"{method} {path}: {await page.RefusedAsync(method, path, method is "GET" ? null : "{}")}");
        }
    }

    [Fact]
    public async Task User_IsRefusedEverywhere_AndNothingIsDone()
    {
        using var page = await server.SignInAsync("bob");

        foreach (var (method, path) in All)
        {
            Assert.Equal($"{method} {path}: 403 not-administrator", $"{method} {path}: {await page.RefusedAsync(method, path, method is "GET" ? null : """{"confirm":"bob","bytes":1,"records":1,"account":"eve"}""")}");
        }

        Assert.NotNull(await server.Accounts.FindByNameAsync("bob", CancellationToken.None));
        Assert.Null(await server.Accounts.FindByNameAsync("eve", CancellationToken.None));
    }

    [Fact]
    public async Task Administrator_WithNameAndPasswordInAHeader_IsNobodyHere()
    {
        using var page = new PageClient(server.Address);
        var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"admin:{AdministeredServer.Password}"));

        using var answer = await page.SendRawAsync("GET", "/admin/api/settings", authorization: basic);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Cookie_OutsideOfTheConsole_SignsNobodyIn()
    {
        using var page = await server.SignInAsync("admin");

        Assert.Contains("admin", (await page.GetAsync("/accounts/admin")).GetProperty("account").GetProperty("name").GetString(), StringComparison.Ordinal);
        foreach (var path in new[] { "/v1/accounts", "/v1/accounts/bob", "/v1/quotas", "/v1/buckets" })
        {
            using var answer = await page.SendRawAsync("GET", path);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Change_ThatNoPageOfThisServerSends_IsRefused()
    {
        using var page = await server.SignInAsync("admin");
        foreach (var (method, path) in All.Where(static one => one.Method is not "GET"))
        {
            using var answer = await page.SendRawAsync(method, "/admin/api" + path, """{"confirm":"bob"}""", isOfPage: false);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("other-site", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.NotNull(await server.Accounts.FindByNameAsync("bob", CancellationToken.None));
    }

    [Fact]
    public async Task Session_OfAnAdministratorWhoSignsOut_IsOver()
    {
        using var page = await server.SignInAsync("admin");
        Assert.Equal(204, (await page.SendAsync("DELETE", "/session")).Status);

        Assert.Equal("401 signed-out", await page.RefusedAsync("GET", "/accounts"));
    }
}

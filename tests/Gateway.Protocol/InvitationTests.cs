using System.Text.Json;
using Lockstep.Gateway.Console.Invitations;
using Lockstep.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>Invitations to accounts: by administrators in the console, and by the command.</summary>
[Collection(SharedAdministration.Name)]
public sealed class InvitationTests(AdministeredServer server) : IAsyncLifetime
{
    private static readonly Dictionary<string, string> None = [];

    private readonly string name = $"i{Guid.NewGuid():N}"[..16];
    private PageClient page = null!;

    public async Task InitializeAsync() => page = await server.SignInAsync("admin");

    public Task DisposeAsync()
    {
        page.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Invitation_MakesOneAccount_OfAnyName_AndSignsItIn()
    {
        var (status, made, _) = await page.SendAsync("POST", "/invitations", $$"""{"note":"for {{name}}"}""");
        Assert.Equal(201, status);
        var link = made.GetProperty("link").GetString()!;
        Assert.StartsWith($"{server.Address.GetLeftPart(UriPartial.Authority)}/admin/invitation#invitation=", link, StringComparison.Ordinal);
        var secret = SecretOf(link);
        Assert.Equal("", (await OpenAsync())!.Value.GetProperty("account").GetString());
        using var guest = new PageClient(server.Address);

        Assert.Equal("400 missing", await guest.RefusedAsync("POST", "/invitation", """{"account":"a","password":"a good password"}"""));
        Assert.Equal("400 bad-name", await guest.RefusedAsync("POST", "/invitation", Body(secret, "not a name")));
        Assert.Equal("400 too-short", await guest.RefusedAsync("POST", "/invitation", Body(secret, name, "short")));
        Assert.Equal("409 name-taken", await guest.RefusedAsync("POST", "/invitation", Body(secret, "bob")));
        var (done, who, _) = await guest.SendAsync("POST", "/invitation", Body(secret, name));

        Assert.Equal((200, name, false), (done, who.GetProperty("account").GetString(), who.GetProperty("administrator").GetBoolean()));
        Assert.Equal("403 invitation-over", await guest.RefusedAsync("POST", "/invitation", Body(secret, name + "2")));
        Assert.Null(await OpenAsync());
        await guest.SignInAsync(name, "a good password");
        Assert.Equal(name, (await guest.GetAsync("/session")).GetProperty("account").GetString());
    }

    [Fact]
    public async Task Invitation_OfAName_MakesNoOther()
    {
        var secret = SecretOf((await page.SendAsync("POST", "/invitations", $$"""{"account":"{{name}}"}""")).Json.GetProperty("link").GetString()!);
        using var guest = new PageClient(server.Address);

        Assert.Equal("400 bad-name", await guest.RefusedAsync("POST", "/invitation", Body(secret, name + "2")));
        Assert.Null(await server.Accounts.FindByNameAsync(name + "2", CancellationToken.None));
        Assert.Equal(200, (await guest.SendAsync("POST", "/invitation", Body(secret, name))).Status);
    }

    [Fact]
    public async Task Invitation_ThatIsRevoked_OrNone_LetsNobodyIn()
    {
        var secret = SecretOf((await page.SendAsync("POST", "/invitations", $$"""{"note":"for {{name}}"}""")).Json.GetProperty("link").GetString()!);
        var id = (await OpenAsync())!.Value.GetProperty("id").GetString();
        Assert.DoesNotContain(secret, (await page.SendAsync("GET", "/invitations")).Text, StringComparison.Ordinal);

        Assert.Equal(204, (await page.SendAsync("DELETE", $"/invitations/{id}")).Status);

        using var guest = new PageClient(server.Address);
        Assert.Equal("404 no-invitation", await page.RefusedAsync("DELETE", $"/invitations/{id}"));
        Assert.Equal("403 invitation-over", await guest.RefusedAsync("POST", "/invitation", Body(secret, name)));
        Assert.Equal("403 invitation-over", await guest.RefusedAsync("POST", "/invitation", Body("", name)));
        Assert.Null(await server.Accounts.FindByNameAsync(name, CancellationToken.None));
    }

    [Fact]
    public async Task Invitation_ThatIsOver_LetsNobodyIn_AndGoesWithTheNextOne()
    {
        var invitations = server.Services.GetRequiredService<AccountInvitations>();
        var secret = SecretOf(await invitations.MakeAsync("", $"for {name}", TimeSpan.FromMilliseconds(-1), CancellationToken.None));
        Assert.True((await OpenAsync())!.Value.GetProperty("isOver").GetBoolean());
        using var guest = new PageClient(server.Address);

        Assert.Equal("403 invitation-over", await guest.RefusedAsync("POST", "/invitation", Body(secret, name)));

        await invitations.MakeAsync("", "another", TimeSpan.FromDays(1), CancellationToken.None);
        Assert.Null(await OpenAsync());
    }

    [Theory]
    [InlineData("""{"account":"not a name"}""", "400 bad-name")]
    [InlineData("""{"account":7}""", "400 missing")]
    [InlineData("""{"note":[]}""", "400 missing")]
    [InlineData("""{"note":"a\u0000b"}""", "400 bad-note")]
    [InlineData("""{"note":"two\nlines"}""", "400 bad-note")]
    [InlineData("""{"account":"bob"}""", "409 name-taken")]
    public async Task Invitation_ThatCannotBe_IsNotMade(string body, string refusal) =>
        Assert.Equal(refusal, await page.RefusedAsync("POST", "/invitations", body));

    [Fact]
    public async Task Note_ThatIsTooLong_IsRefused() =>
        Assert.Equal("400 long-note", await page.RefusedAsync("POST", "/invitations", $$"""{"note":"{{new string('n', 201)}}"}"""));

    [Fact]
    public async Task Command_MakesListsAndRevokesInvitations()
    {
        var (made, listed) = (new StringWriter(), new StringWriter());
        Assert.Equal(0, await InvitationCommands.RunAsync(["invite"], new Dictionary<string, string> { ["--name"] = name, ["--note"] = "for a friend" }, server.Options, made));
        var secret = SecretOf(made.ToString().Trim());
        Assert.EndsWith($"&name={name}", made.ToString().Trim(), StringComparison.Ordinal);

        Assert.Equal(0, await InvitationCommands.RunAsync(["invitations"], None, server.Options, listed));
        var line = Assert.Single(listed.ToString().Split('\n'), one => one.Contains(name, StringComparison.Ordinal));
        Assert.EndsWith($"{name} for a friend", line.Trim(), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, line, StringComparison.Ordinal);
        Assert.Equal(0, await InvitationCommands.RunAsync(["uninvite", line[..16]], None, server.Options, TextWriter.Null));
        Assert.Equal(1, await InvitationCommands.RunAsync(["uninvite", line[..16]], None, server.Options, TextWriter.Null));

        using var guest = new PageClient(server.Address);
        Assert.Equal("403 invitation-over", await guest.RefusedAsync("POST", "/invitation", Body(secret, name)));
        Assert.Equal(1, await InvitationCommands.RunAsync(["invite"], new Dictionary<string, string> { ["--name"] = "bob" }, server.Options, TextWriter.Null));
        Assert.Equal(2, await InvitationCommands.RunAsync(["invite"], new Dictionary<string, string> { ["--name"] = "no name" }, server.Options, TextWriter.Null));
    }

    private static string Body(string invitation, string account, string password = "a good password") => JsonSerializer.Serialize(new { invitation, account, password });

    private static string SecretOf(string link) => link.Split("#invitation=")[1].Split('&')[0];

    /// <summary>The open invitation with this test's note; null for none.</summary>
    private async Task<JsonElement?> OpenAsync()
    {
        var found = (await page.GetAsync("/invitations")).GetProperty("invitations").EnumerateArray().Where(one => one.GetProperty("note").GetString() == $"for {name}").ToList();
        return found.Count == 0 ? null : Assert.Single(found);
    }
}

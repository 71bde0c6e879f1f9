using Lockstep.Gateway.Console.Administrators;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Protocol;

/// <summary>The console by two gateways of a cluster: what one has opened, made or ended counts at the other.</summary>
[Collection(SharedServer.Name)]
public sealed class ConsoleGatewayTests(KintoServer server)
{
    [Fact]
    public async Task SessionAndMarkOfAnAdministrator_CountAtEachGateway_AndSignOutEndsThemAtEach()
    {
        var link = await server.Services.GetRequiredService<AdministratorLinks>().MakeAsync(TimeSpan.FromHours(1), most: 100, CancellationToken.None);
        var second = await server.AddGatewayAsync();
        using var here = new ConsoleClient(server.Address);
        using var there = new ConsoleClient(second);
        var made = new { link = link[(link.IndexOf('=', StringComparison.Ordinal) + 1)..], account = "chief-of-two", password = "a good password" };

        Assert.Equal(200, (await there.PostAsync("/first-administrator", made)).Status);
        here.Cookie = there.Cookie;
        var who = (await here.GetAsync("/session")).Json;
        using var chief = server.As(made.account, made.password);

        Assert.Equal((made.account, true), (who.GetProperty("account").GetString(), who.GetProperty("administrator").GetBoolean()));
        Assert.Equal(200, (await chief.GetAsync($"/accounts/{made.account}")).Status);
        Assert.Equal(403, (await here.PostAsync("/first-administrator", made)).Status);

        Assert.Equal(204, (await here.DeleteAsync("/session")).Status);
        Assert.Equal(401, (await there.GetAsync("/usage")).Status);
    }
}

using System.Net;
using System.Net.Sockets;
using Lockstep.Silo.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;

namespace Lockstep.Gateway.Protocol;

/// <summary>What a start that failed is said to be about.</summary>
public sealed class ListenersTests
{
    [Theory]
    [InlineData("http://127.0.0.1:{0}")]
    [InlineData("http://localhost:{0}")]
    [InlineData("http://192.0.2.1:{0}")]
    [InlineData("http://unix:/no-such-directory/lockstep.sock")]
    public async Task Address_ThatCannotBeListenedOn_IsWhatTheStartFailsFor(string url)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        Assert.True(Listeners.HasFailed(await FailureAsync(string.Format(null, url, ((IPEndPoint)taken.LocalEndpoint).Port))));
    }

    [Fact]
    public void PortOfASilo_ThatIsInUse_IsTheSame() => Assert.True(Listeners.HasFailed(new AddressInUseException("Address already in use")));

    [Fact]
    public async Task Fault_OfTheProgram_IsNoAddressThatIsInUse()
    {
        // Kestrel says of this that it was told what cannot be. Settings have been refused before that.
        Assert.False(Listeners.HasFailed(await FailureAsync("http://localhost:0")));
        Assert.False(Listeners.HasFailed(new InvalidOperationException("A service is not registered.")));
        Assert.False(Listeners.HasFailed(new FileNotFoundException("No keys.")));
    }

    private static async Task<Exception> FailureAsync(string url)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(url);
        await using var app = builder.Build();
        return await Assert.ThrowsAnyAsync<Exception>(() => app.StartAsync());
    }
}

using System.Buffers.Text;
using System.Globalization;
using Lockstep.Core.Assignments;
using Lockstep.Gateway.Sync15.TokenServer;
using Lockstep.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>A server that gives out tokens, and the account server whose users it takes. Everybody may come in unless it is set otherwise.</summary>
public sealed class TokenServers : IAsyncLifetime
{
    private readonly Func<Sync15Options, Sync15Options> configure;
    private readonly Func<LockstepOptions, LockstepOptions> configureServer;
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public TokenServers()
        : this(options => options)
    {
    }

    internal TokenServers(
        Func<Sync15Options, Sync15Options> configure, TimeProvider? time = null, Func<LockstepOptions, LockstepOptions>? configureServer = null)
    {
        this.configure = configure;
        this.configureServer = configureServer ?? (options => options);
        Time = time ?? TimeProvider.System;
    }

    public TimeProvider Time { get; }

    public AccountServer Accounts { get; private set; } = null!;

    public SyncServer Sync { get; private set; } = null!;

    internal IAssignmentStore Assignments => Sync.Services.GetRequiredService<IAssignmentStore>();

    internal static async Task<TokenServers> StartAsync(
        Func<Sync15Options, Sync15Options>? configure = null, TimeProvider? time = null, Func<LockstepOptions, LockstepOptions>? configureServer = null)
    {
        var servers = new TokenServers(configure ?? (options => options), time, configureServer);
        await servers.InitializeAsync();
        return servers;
    }

    public async Task InitializeAsync()
    {
        Accounts = await AccountServer.StartAsync(Time);
        Sync = await SyncServer.StartAsync(
            options => configureServer(options with
            {
                Sync15 = configure(options.Sync15 with { Issuer = Accounts.Both(), Registration = SyncRegistration.Open }),
            }),
            time: Time);
    }

    public UserIdentity User(string subject) => new(Accounts.Name, subject);

    /// <summary>As in <c>X-KeyID</c>.</summary>
    public static string Key(long changed, string fingerprint) =>
        string.Create(CultureInfo.InvariantCulture, $"{changed}-{Base64Url.EncodeToString(Convert.FromHexString(fingerprint))}");

    /// <summary>Asks for a token. Null leaves a header out.</summary>
    public async Task<SyncAnswer> AskAsync(
        string? token, string? keyId, string target = "/1.0/sync/1.5", string method = "GET", string scheme = "Bearer", params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(method), new Uri(Sync.Address.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        foreach (var (name, value) in headers.Append(("Authorization", token is null ? null : $"{scheme} {token}")).Append(("X-KeyID", keyId)))
        {
            if (value is not null)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await http.SendAsync(request);
        return await SyncAnswer.ReadAsync(response);
    }

    /// <summary>A device with the token of an answer.</summary>
    public SyncClient Device(SyncAnswer answer)
    {
        Assert.True(answer.Status == 200, $"{answer.Status}: {answer.Text}");
        return new SyncClient(Sync.Address, answer.Json.GetProperty("uid").GetInt64(), answer.Json.GetProperty("id").GetString()!, answer.Json.GetProperty("key").GetString()!, Time);
    }

    /// <summary>Signs in and gets a device.</summary>
    public async Task<SyncClient> DeviceAsync(string subject, long generation, long changed, string fingerprint) =>
        Device(await AskAsync(Accounts.Opaque(subject, generation), Key(changed, fingerprint)));

    public async Task DisposeAsync()
    {
        http.Dispose();
        await Sync.DisposeAsync();
        await Accounts.DisposeAsync();
    }
}

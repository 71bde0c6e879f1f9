using Lockstep.Gateway.OpenId;

namespace Lockstep.Gateway.Protocol;

/// <summary>
/// A server with three providers: <c>corp</c> signs tokens and says what opaque ones are worth, <c>mail</c> is asked for the address of its users, <c>away</c> does
/// not answer.
/// </summary>
public sealed class OpenIdServer : IAsyncLifetime
{
    public const string Callback = "http://localhost:3000/app/";

    internal OpenIdIssuer Corp { get; private set; } = null!;

    internal OpenIdIssuer Mail { get; private set; } = null!;

    internal KintoServer Server { get; private set; } = null!;

    /// <summary>Somebody with a token.</summary>
    public KintoClient With(string token, string word = "Bearer") => new(Server.Address, $"{word} {token}");

    public async Task InitializeAsync()
    {
        (Corp, Mail) = (await OpenIdIssuer.StartAsync(), await OpenIdIssuer.StartAsync());
        Server = await KintoServer.StartAsync(options => options with
        {
            Accounts = options.Accounts with { Administrators = "account:admin" },
            OpenId = new OpenIdOptions
            {
                Timeout = TimeSpan.FromSeconds(2),
                Providers = new Dictionary<string, OpenIdProviderOptions>(StringComparer.Ordinal)
                {
                    ["1"] = Of(Corp),
                    ["2"] = new()
                    {
                        Name = "mail", Issuer = Mail.Url, ClientId = OpenIdIssuer.ClientId, OpaqueTokens = OpaqueTokens.Userinfo, UserIdField = "email", AllowedUsers = "*@EXAMPLE.org",
                        HeaderType = "Bearer+Mail", Callbacks = Callback,
                    },
                    ["3"] = new() { Name = "away", Issuer = "http://127.0.0.1:9", Audience = "kinto", ClientId = "kinto", Callbacks = Callback },
                },
            },
        });
        await Server.AddAccountAsync("admin", "s3cr3t");
    }

    internal static OpenIdProviderOptions Of(OpenIdIssuer issuer) => new()
    {
        Name = "corp", Issuer = issuer.Url, Audience = OpenIdIssuer.Audience, ClientId = OpenIdIssuer.ClientId, ClientSecret = OpenIdIssuer.Secret,
        OpaqueTokens = OpaqueTokens.Introspection, RequiredScopes = "", Callbacks = $"https://admin.example.org/ {Callback}",
    };

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        await Corp.DisposeAsync();
        await Mail.DisposeAsync();
    }
}

using System.Security.Cryptography;
using System.Text;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Registers TokenServer.</summary>
public static class TokenServerServiceCollectionExtensions
{
    /// <param name="services">Get it, and have the storage of Sync.</param>
    /// <param name="options">Checked settings, with an issuer at least.</param>
    /// <param name="engine">What the storage lies in.</param>
    public static IServiceCollection AddTokenServer(this IServiceCollection services, Sync15Options options, Engine engine) => services
        .AddSingleton(engine)
        .AddSingleton(services => new HashedIds(options.MetricsSecret is { Length: > 0 } secret
            ? Encoding.UTF8.GetBytes(secret)
            : HMACSHA256.HashData(services.GetRequiredService<AccountSecret>().Value.Span, "hashed ids of Sync's users"u8)))
        .AddSingleton<AccountServerClient>()
        .AddSingleton<Issuers>()
        .AddSingleton<TokenVerifier>()
        .AddSingleton<Admittance>()
        .AddSingleton<UserStores>()
        .AddSingleton<TokenRequests>()
        .AddSingleton<AccountEvents>()
        .AddSingleton<TokenHandlers>()
        .AddProtocol<TokenProtocol, TokenHandler>();
}

using System.Security.Cryptography;
using System.Text;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Federation;
using Lockstep.Gateway.Pipeline;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Registers TokenServer.</summary>
public static class TokenServerServiceCollectionExtensions
{
    /// <param name="services">Get it, and have the storage of Sync.</param>
    /// <param name="options">Checked settings, with an issuer at least.</param>
    /// <param name="engine">The engine of the storage.</param>
    public static IServiceCollection AddTokenServer(this IServiceCollection services, Sync15Options options, Engine engine) => services
        .AddSingleton(engine)
        .AddSingleton(services => new HashedIds(options.MetricsSecret is { Length: > 0 } secret
            ? Encoding.UTF8.GetBytes(secret)
            : HMACSHA256.HashData(services.GetRequiredService<AccountSecret>().Value.Span, "hashed ids of Sync's users"u8)))
        .AddSingleton<Issuers>()
        .AddSingleton<TokenVerifier>()
        .AddSingleton<Admittance>()
        .AddSingleton<UserStores>()
        .AddSingleton(static services => new StorageAccess(services.GetRequiredService<TokenVerifier>(), services.GetRequiredService<UserStores>()))
        .AddSingleton<TokenRequests>()
        .AddSingleton<AccountEvents>()
        .AddSingleton<TokenHandlers>()
        .AddProtocol<TokenProtocol, TokenHandler>()
        .TryAddClient();

    /// <summary>Registers the removal of replaced stores' data, for every server that has owners of buckets.</summary>
    /// <param name="services">Get it.</param>
    /// <param name="options">Checked settings, with an issuer at least.</param>
    public static IServiceCollection AddReplacedStores(this IServiceCollection services, Sync15Options options)
    {
        services.TryAddSingleton(options);
        services.TryAddSingleton(new TokenSigner(options.Secrets()));
        return services.TryAddClient().AddSingleton(static services => new ReplacedStores(
            services.GetRequiredService<IAssignmentStore>(),
            services.GetRequiredService<IAccountStore>(),
            services.GetRequiredService<IBuckets>(),
            services.GetRequiredService<TokenSigner>(),
            services.GetRequiredService<OtherServerClient>(),
            services.GetRequiredService<Sync15Options>(),
            services.GetRequiredService<TimeProvider>()));
    }

    private static IServiceCollection TryAddClient(this IServiceCollection services)
    {
        services.TryAddSingleton(static services =>
        {
            var options = services.GetRequiredService<Sync15Options>();
            return new OtherServerClient(options.IssuerTimeout, options.Proxy, services.GetRequiredService<TimeProvider>());
        });
        return services;
    }
}

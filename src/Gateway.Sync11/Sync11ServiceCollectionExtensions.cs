using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Sync11.Pairing;
using Lockstep.Gateway.Sync11.Storage;
using Lockstep.Gateway.Sync11.Users;

namespace Lockstep.Gateway.Sync11;

/// <summary>Registers Sync 1.1: users, their storage, and Easy Setup.</summary>
public static class Sync11ServiceCollectionExtensions
{
    /// <param name="services">Get it, and have accounts and channels for pairing.</param>
    /// <param name="options">Checked settings.</param>
    public static IServiceCollection AddSync11(this IServiceCollection services, Sync11Options options) => services
        .AddSingleton(options)
        .AddSingleton<WeaveHeaders>()
        .AddSingleton<UserScheme>()
        .AddSingleton<BucketCalls>()
        .AddSingleton<InfoHandlers>()
        .AddSingleton<CollectionHandlers>()
        .AddSingleton<RecordHandlers>()
        .AddSingleton<StorageHandlers>()
        .AddSingleton<Attempts>()
        .AddSingleton<Admittance>()
        .AddSingleton<AuditLog>()
        .AddSingleton<AccountHandlers>()
        .AddSingleton<PasswordHandlers>()
        .AddSingleton<UserHandlers>()
        .AddProtocol<StorageProtocol, StorageHandler>()
        .AddProtocol<UserProtocol, UserHandler>()
        .AddSingleton<ReportLog>()
        .AddSingleton<PairingHandlers>()
        .AddProtocol<PairingProtocol, PairingHandler>();
}

using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Sync15;
using Lockstep.Gateway.Syncto.Opening;
using Lockstep.Gateway.Syncto.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Lockstep.Gateway.Syncto;

/// <summary>Registers Syncto.</summary>
public static class SynctoServiceCollectionExtensions
{
    /// <param name="services">Get it, and have TokenServer and the storage of Sync unless another server's is shown.</param>
    /// <param name="options">Checked settings.</param>
    /// <param name="sync">The settings of Sync, whose proxy is also used for other servers.</param>
    public static IServiceCollection AddSyncto(this IServiceCollection services, SynctoOptions options, Sync15Options sync)
    {
        services.TryAddSingleton(sync);
        services
            .AddSingleton(options)
            .AddSingleton<RemoteClient>()
            .AddSingleton<SynctoAnswers>()
            .AddSingleton<BatchReader>()
            .AddSingleton<SynctoBatch>()
            .AddSingleton<RecordHandlers>()
            .AddSingleton<UtilityViews>()
            .AddSingleton<SynctoHandlers>()
            .AddProtocol<SynctoProtocol, SynctoHandler>();
        return options.IsRemote
            ? services.AddSingleton<CredentialsCache>().AddSingleton<IStorageAccess, RemoteAccess>()
            : services.AddSingleton<VerifiedTokens>().AddSingleton<AccessTokenScheme>().AddSingleton<IStorageAccess, LocalAccess>();
    }
}

using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync15;

/// <summary>Registers the storage of Firefox Sync 1.5.</summary>
public static class Sync15ServiceCollectionExtensions
{
    /// <param name="services">Get it.</param>
    /// <param name="options">Checked settings, with a secret at least.</param>
    public static IServiceCollection AddSync15(this IServiceCollection services, Sync15Options options) => services
        .AddSingleton(options)
        .AddSingleton(new TokenSigner(options.Secrets()))
        .AddSingleton<HawkScheme>()
        .AddSingleton<InfoHandlers>()
        .AddSingleton<CollectionHandlers>()
        .AddSingleton<RecordHandlers>()
        .AddSingleton<SyncHandlers>()
        .AddSingleton(new AnswerSizes(options.MaxRecordPayloadBytes))
        .AddSingleton<BucketCalls>()
        .AddProtocol<SyncProtocol, SyncHandler>();
}

using Lockstep.Core.Owner;
using Lockstep.Core.Push;
using Lockstep.Gateway.Metering;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>Registers push.</summary>
public static class PushServiceCollectionExtensions
{
    /// <summary>What sends notices, in a process that has owners of buckets.</summary>
    public static IServiceCollection AddPushNotices(this IServiceCollection services) => services
        .AddPush()
        .AddSingleton(static services => new PushSender(
            PushHandler.Create(services.GetRequiredService<KintoOptions>().Push), services.GetRequiredService<VapidKey>(), services.GetRequiredService<KintoOptions>().Push,
            services.GetRequiredService<TimeProvider>()))
        .AddHostedService(static services => new PushNotices(
            services.GetRequiredService<InProcessBuckets>().Feed, services.GetRequiredService<IPushStore>(), services.GetRequiredService<PushUsers>(), services.GetRequiredService<PushView>(),
            services.GetRequiredService<PushSender>(), services.GetRequiredService<KintoOptions>(), services.GetRequiredService<GatewayMetrics>(), services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<PushNotices>>()));

    /// <summary>What both the API and notices need.</summary>
    internal static IServiceCollection AddPush(this IServiceCollection services)
    {
        services.TryAddSingleton<VapidKey>();
        services.TryAddSingleton<PushUsers>();
        services.TryAddSingleton<PushView>();
        return services;
    }
}

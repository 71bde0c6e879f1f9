using Lockstep.Gateway.Hosting;

namespace Lockstep.Gateway.Kinto;

/// <summary>Registers and maps the Kinto protocol.</summary>
internal static class KintoServiceCollectionExtensions
{
    public static IServiceCollection AddKinto(this IServiceCollection services) => services
        .AddSingleton<KintoEndpoint>()
        .AddSingleton<KintoAnswers>()
        .AddSingleton<KintoExecutor>()
        .AddSingleton<KintoBatch>()
        .AddSingleton<KintoRouter>()
        .AddSingleton<RootView>()
        .AddSingleton<UtilityViews>()
        .AddSingleton<AccountPlans>()
        .AddSingleton<BucketList>()
        .AddSingleton<ListPlans>()
        .AddSingleton<ObjectPlans>();

    /// <summary>Serves every path: also unknown ones get an answer in the protocol's shape.</summary>
    public static void MapKinto(this IApplicationBuilder app)
    {
        var endpoint = app.ApplicationServices.GetRequiredService<KintoEndpoint>();
        if (app.ApplicationServices.GetService<TelemetryOptions>() is { IsOn: true })
        {
            app.Use(RequestTags.InvokeAsync);
        }

        app.Run(endpoint.HandleAsync);
    }
}

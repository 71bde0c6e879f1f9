using Lockstep.Gateway.Metering;

namespace Lockstep.Gateway.Kinto;

/// <summary>Registers and maps the Kinto protocol.</summary>
public static class KintoServiceCollectionExtensions
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
    /// <param name="app">The pipeline.</param>
    /// <param name="measured">Whether measurements and traces are sent, which then name the routes.</param>
    public static void MapKinto(this IApplicationBuilder app, bool measured)
    {
        var endpoint = app.ApplicationServices.GetRequiredService<KintoEndpoint>();
        if (measured)
        {
            app.Use(RequestTags.InvokeAsync);
        }

        app.Run(endpoint.HandleAsync);
    }
}

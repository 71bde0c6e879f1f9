using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Kinto;

/// <summary>Registers the Kinto protocol.</summary>
public static class KintoServiceCollectionExtensions
{
    public static IServiceCollection AddKinto(this IServiceCollection services) => services
        .AddSingleton<KintoHandlers>()
        .AddSingleton<KintoAnswers>()
        .AddSingleton<AnswerSizes>()
        .AddSingleton<KintoExecutor>()
        .AddSingleton<KintoBatch>()
        .AddSingleton<BatchReader>()
        .AddSingleton<RootView>()
        .AddSingleton<UtilityViews>()
        .AddSingleton<AccountPlans>()
        .AddSingleton<AccountRecords>()
        .AddSingleton<AccessBodies>()
        .AddSingleton<CacheRules>()
        .AddSingleton<SharedObjects>()
        .AddSingleton<PermissionList>()
        .AddSingleton<BucketList>()
        .AddSingleton<ListPlans>()
        .AddSingleton<IndexList>()
        .AddSingleton<ObjectPlans>()
        .AddSingleton<LoginPlans>()
        .AddSingleton<UserData>()
        .AddProtocol<KintoProtocol, KintoHandler>();
}

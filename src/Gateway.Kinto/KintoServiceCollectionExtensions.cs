using Lockstep.Core.Attachments;
using Lockstep.Gateway.Kinto.Attachments;
using Lockstep.Gateway.Kinto.History;
using Lockstep.Gateway.Kinto.Live;
using Lockstep.Gateway.Kinto.OpenApi;
using Lockstep.Gateway.Kinto.Push;
using Lockstep.Gateway.Pipeline;

namespace Lockstep.Gateway.Kinto;

/// <summary>Registers the Kinto protocol.</summary>
public static class KintoServiceCollectionExtensions
{
    public static IServiceCollection AddKinto(this IServiceCollection services) => services
        .AddSingleton<KintoHandlers>()
        .AddSingleton<KintoAudit>()
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
        .AddSingleton<QuotaPlans>()
        .AddSingleton<QuotaRecords>()
        .AddSingleton<LiveTickets>()
        .AddSingleton<BucketSubscriptions>()
        .AddSingleton<SharedReads>()
        .AddSingleton<LiveServices>()
        .AddSingleton<LivePlans>()
        .AddPush()
        .AddSingleton<PushRecords>()
        .AddSingleton<PushPlans>()
        .AddSingleton<HistoryPlans>()
        .AddSingleton<IFileNames, FileNames>()
        .AddSingleton<UploadReader>()
        .AddSingleton<AttachmentPlans>()
        .AddSingleton<FilePlans>()
        .AddSingleton<ApiViews>()
        .AddSingleton<ApiPage>()
        .AddSingleton<ContributeView>()
        .AddSingleton<MetricsView>()
        .AddProtocol<KintoProtocol, KintoHandler>();
}

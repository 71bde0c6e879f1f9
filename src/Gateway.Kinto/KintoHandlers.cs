using Lockstep.Gateway.Kinto.Attachments;
using Lockstep.Gateway.Kinto.History;
using Lockstep.Gateway.Kinto.Live;
using Lockstep.Gateway.Kinto.OpenApi;
using Lockstep.Gateway.Kinto.Push;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Kinto;

/// <summary>The services that serve the resources.</summary>
internal sealed class KintoHandlers(
    KintoOptions options,
    RootView root,
    UtilityViews utilities,
    AccountPlans accounts,
    BucketList bucketList,
    PermissionList permissions,
    ListPlans lists,
    IndexList indexes,
    ObjectPlans objects,
    LoginPlans logins,
    UserData userData,
    QuotaPlans quotas,
    LivePlans live,
    LiveTickets tickets,
    PushPlans push,
    HistoryPlans history,
    AttachmentPlans attachments,
    FilePlans files,
    ApiViews api,
    ApiPage apiPage,
    ContributeView contribute,
    MetricsView metrics,
    KintoBatch batch,
    KintoAudit audit)
{
    public KintoOptions Options => options;

    public ResourceTable<KintoHandler> Resources { get; } = KintoResources.Table(options);

    public RootView Root => root;

    public UtilityViews Utilities => utilities;

    public AccountPlans Accounts => accounts;

    public BucketList BucketList => bucketList;

    public PermissionList Permissions => permissions;

    public ListPlans Lists => lists;

    public IndexList Indexes => indexes;

    public ObjectPlans Objects => objects;

    public LoginPlans Logins => logins;

    public UserData UserData => userData;

    public QuotaPlans Quotas => quotas;

    public LivePlans Live => live;

    public LiveTickets Tickets => tickets;

    public PushPlans Push => push;

    public HistoryPlans History => history;

    public AttachmentPlans Attachments => attachments;

    public FilePlans Files => files;

    public ApiViews Api => api;

    public ApiPage ApiPage => apiPage;

    public ContributeView Contribute => contribute;

    public MetricsView Metrics => metrics;

    public KintoBatch Batch => batch;

    /// <param name="method">The method; the caller may use it.</param>
    /// <param name="request">The request.</param>
    public KintoPlan Plan(ResourceMethod<KintoHandler> method, KintoRequest request) =>
        method is { Access: not Access.Probe, Pacing: Pacing.Short } && ContentTypes.Refuse(request, method.Body is BodyKind.Buffered) is { } refusal ? refusal : audit.Watch(method.Handler(this, request), request);
}

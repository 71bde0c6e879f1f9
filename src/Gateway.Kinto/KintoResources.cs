using Lockstep.Gateway.Kinto.OpenApi;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// Everything that is served below <c>/v1</c>, in one list. A new resource is a line here. Requests, parts of batches, preflights,
/// <c>Allow</c>, the routes of measurements and the tests follow from it. A resource that a setting turns on is also a condition in <see cref="Table"/>.
/// </summary>
internal static class KintoResources
{
    private const string FlushPath = "/__flush__";
    private const string BatchPath = "/batch";
    private const string LoginPath = "/openid/{provider}/login";
    private const string TicketPath = "/__ticket__";
    private const string ApiPath = "/__api__";
    private const string PageFilePath = ApiPage.Path + "/{file}";
    private const string ContributePath = "/contribute.json";
    private const string MetricsPath = "/__metrics__";
    private const string SubscriptionsPath = "/subscriptions";
    private const string SubscriptionPath = SubscriptionsPath + "/{subscription}";
    private const string HistoryPath = "/buckets/{bucket}/history";
    private const string SnapshotPath = "/buckets/{bucket}/snapshot/collections/{snapshot}";
    private const string AttachmentPath = "/buckets/{bucket}/collections/{collection}/records/{record}/attachment";
    private const string FilePath = "/attachments/{file}";
    private const string TokenPath = "/openid/{provider}/token";

    // For everything in a write's body beside its data, and in a patch's body beside its values.
    private const int EnvelopeBytes = 64 << 10;

    public static IReadOnlyList<Resource<KintoHandler>> All { get; } =
    [
        new("/", Reads(Access.Anonymous, static (kinto, request) => kinto.Root.Plan(request))),
        new(BatchPath, Write("POST", Access.Anonymous, static (kinto, request) => kinto.Batch.Plan(kinto, request))),
        new("/__heartbeat__", Reads(Access.Probe, static (kinto, _) => kinto.Utilities.Heartbeat())),
        new("/__lbheartbeat__", Reads(Access.Probe, static (kinto, _) => kinto.Utilities.LoadBalancerHeartbeat())),
        new("/__version__", Reads(Access.Anonymous, static (kinto, _) => kinto.Utilities.Version())),
        new(ApiPath, Reads(Access.Anonymous, static (kinto, request) => kinto.Api.Document(kinto, request))),
        new(ApiPage.Path, Reads(Access.Anonymous, static (kinto, _) => kinto.ApiPage.Document())),
        new(PageFilePath, Reads(Access.Anonymous, static (kinto, request) => kinto.ApiPage.File(request))),
        new(ContributePath, Reads(Access.Anonymous, static (kinto, _) => kinto.Contribute.Get())),
        new(MetricsPath, Reads(Access.SignedIn, static (kinto, request) => kinto.Metrics.Get(request))),
        new(FlushPath, new ResourceMethod<KintoHandler>("POST", Access.Anonymous, BodyKind.None, static (kinto, _) => kinto.Utilities.Flush())),
        new(LoginPath, Read("GET", Access.Anonymous, static (kinto, request) => kinto.Logins.Begin(request))),
        new(TokenPath, Read("GET", Access.Anonymous, static (kinto, request) => kinto.Logins.End(request))),
        new(TicketPath, new ResourceMethod<KintoHandler>("POST", Access.SignedIn, BodyKind.None, static (kinto, request) => kinto.Tickets.Give(request))),
        new("/__user_data__/{principal}", Delete(Access.SignedIn, static (kinto, request) => kinto.UserData.Delete(request))),
        new(SubscriptionsPath, [
            Read("GET", Access.SignedIn, static (kinto, request) => kinto.Push.List(request)),
            Read("HEAD", Access.SignedIn, static (kinto, request) => kinto.Push.Count(request)),
        ]),
        new(SubscriptionPath, [
            .. Reads(Access.SignedIn, static (kinto, request) => kinto.Push.Get(request)),
            Write("PUT", Access.SignedIn, static (kinto, request) => kinto.Push.Put(request)),
            Delete(Access.SignedIn, static (kinto, request) => kinto.Push.Delete(request)),
        ]),
        new("/accounts", [
            Read("GET", Access.SignedIn, static (kinto, request) => kinto.Accounts.List(request)),
            Read("HEAD", Access.SignedIn, static (kinto, request) => kinto.Accounts.Count(request)),
            Write("POST", Access.Anonymous, static (kinto, request) => kinto.Accounts.Create(request)),
        ]),
        new("/accounts/{account}", [
            .. Reads(Access.SignedIn, static (kinto, request) => kinto.Accounts.Get(request)),
            Write("PUT", Access.Anonymous, static (kinto, request) => kinto.Accounts.Put(request)),
            Write("PATCH", Access.SignedIn, static (kinto, request) => kinto.Accounts.Patch(request)),
            Delete(Access.SignedIn, static (kinto, request) => kinto.Accounts.Delete(request)),
        ]),
        new("/buckets", [
            Read("GET", Access.Anonymous, static (kinto, request) => kinto.BucketList.Page(request))
                with { AsStream = Stream(static (kinto, request) => kinto.Live.Several(request)) },
            Read("HEAD", Access.Anonymous, static (kinto, request) => kinto.BucketList.Count(request)),
            Write("POST", Access.Anonymous, static (kinto, request) => kinto.BucketList.Create(request)),
            Delete(Access.SignedIn, static (kinto, request) => kinto.BucketList.Delete(request)),
        ]),
        new("/permissions", [
            Read("GET", Access.Anonymous, static (kinto, request) => kinto.Permissions.Page(request)),
            Read("HEAD", Access.Anonymous, static (kinto, request) => kinto.Permissions.Count(request)),
        ]),
        new("/quotas", [
            Read("GET", Access.SignedIn, static (kinto, request) => kinto.Quotas.List(request)),
            Read("HEAD", Access.SignedIn, static (kinto, request) => kinto.Quotas.Count(request)),
        ]),
        Quota("/quotas/users/{principal}", static ids => $"/users/{ids["principal"]}"),
        Quota("/quotas/buckets/{bucket}", static ids => $"/buckets/{ids["bucket"]}"),
        Quota("/quotas/buckets/{bucket}/collections/{collection}", static ids => $"/buckets/{ids["bucket"]}/collections/{ids["collection"]}"),
        Object("/buckets/{bucket}", static (bucket, _) => bucket, static (kinto, request, target) => kinto.Live.Bucket(request, target)),
        List("/buckets/{bucket}/collections", static (bucket, _) => bucket.Collections()),
        Object(
            "/buckets/{bucket}/collections/{collection}", static (bucket, ids) => bucket.Collection(ids["collection"]),
            static (kinto, request, target) => kinto.Live.Collection(request, target)),
        new("/buckets/{bucket}/collections/{collection}/indexes", Reads(Access.Anonymous, In(
            static (bucket, ids) => bucket.Records(ids["collection"]), static (kinto, request, target) => kinto.Indexes.Get(request, target)))),
        List("/buckets/{bucket}/groups", static (bucket, _) => bucket.Groups()),
        Object("/buckets/{bucket}/groups/{group}", static (bucket, ids) => bucket.Group(ids["group"])),
        List("/buckets/{bucket}/collections/{collection}/records", static (bucket, ids) => bucket.Records(ids["collection"])),
        Object("/buckets/{bucket}/collections/{collection}/records/{record}", static (bucket, ids) => bucket.Record(ids["collection"], ids["record"])),
        new(AttachmentPath, [
            new ResourceMethod<KintoHandler>("POST", Access.Anonymous, new BodyKind.Streamed(), In(
                static (bucket, ids) => bucket.Record(ids["collection"], ids["record"]), static (kinto, request, target) => kinto.Attachments.Add(request, target))),
            Delete(Access.Anonymous, In(
                static (bucket, ids) => bucket.Record(ids["collection"], ids["record"]), static (kinto, request, target) => kinto.Attachments.Remove(request, target))),
        ]),
        new(FilePath, Reads(Access.Anonymous, static (kinto, request) => kinto.Files.Get(request))),
        new(HistoryPath, [
            Read("GET", Access.Anonymous, In(static (bucket, _) => bucket, static (kinto, request, bucket) => kinto.History.Page(request, bucket))),
            Read("HEAD", Access.Anonymous, In(static (bucket, _) => bucket, static (kinto, request, bucket) => kinto.History.Count(request, bucket))),
            Delete(Access.Anonymous, In(static (bucket, _) => bucket, static (kinto, request, bucket) => kinto.History.Delete(request, bucket))),
        ]),
        new(SnapshotPath, [
            .. Reads(Access.Anonymous, static (kinto, request) => kinto.History.Snapshot(request)),
            Write("POST", Access.Anonymous, static (kinto, request) => kinto.History.Restore(request)),
        ]),
    ];

    /// <summary>The resources that a server with these settings serves.</summary>
    public static ResourceTable<KintoHandler> Table(KintoOptions options) => new(All
        .Where(resource => options.Flush || resource.Template.Text is not FlushPath)
        .Where(resource => options.OpenApi.Enabled || resource.Template.Text is not (ApiPath or ApiPage.Path or PageFilePath))
        .Where(resource => options.OpenApi.Page || resource.Template.Text is not (ApiPage.Path or PageFilePath))
        .Where(resource => options.Contribute is { Length: > 0 } || resource.Template.Text is not ContributePath)
        .Where(resource => options.Metrics != MetricsAccess.Off || resource.Template.Text is not MetricsPath)
        .Select(resource => options.Metrics == MetricsAccess.Everyone && resource.Template.Text is MetricsPath
            ? resource.With(static method => method with { Access = Access.Anonymous })
            : resource)
        .Where(resource => options.Live.Enabled || resource.Template.Text is not TicketPath)
        .Where(resource => options.Push.IsOn || resource.Template.Text is not (SubscriptionsPath or SubscriptionPath))
        .Where(resource => options.History.Enabled || resource.Template.Text is not (HistoryPath or SnapshotPath))
        .Where(resource => options.Attachments.Enabled || resource.Template.Text is not (AttachmentPath or FilePath))
        .Where(resource => options.HasLogins || resource.Template.Text is not (LoginPath or TokenPath))
        .Select(resource => options.ReadOnly && resource.Template.Text is not (BatchPath or TicketPath)
            ? resource.Only(method => method.Name is "GET" or "HEAD")
            : resource)
        .Select(resource => options.Live.Enabled ? resource : resource.With(static method => method with { AsStream = null }))
        .Select(resource => resource.Template.Text is BatchPath
            ? resource
            : resource.With(method => method.Body is BodyKind.Buffered ? method with { Body = new BodyKind.Buffered(MaxBodyBytes(options)) } : method)));

    /// <summary>
    /// The maximal bytes of a body that writes one object: twice the maximal data, so that its parsed form stays small.
    /// Twice, because a client may escape characters, and a patch may test what it replaces.
    /// </summary>
    public static int MaxBodyBytes(KintoOptions options) => (int)Math.Min((2L * options.MaxRecordBytes) + EnvelopeBytes, int.MaxValue);

    /// <summary>A list of objects in a bucket.</summary>
    private static Resource<KintoHandler> List(string template, Func<KintoTarget, RouteValues, KintoTarget> locate) => new(template,
        [
            Read("GET", Access.Anonymous, In(locate, static (kinto, request, target) => kinto.Lists.Page(request, target)))
                with { AsStream = Stream(In(locate, static (kinto, request, target) => kinto.Live.List(request, target))) },
            Read("HEAD", Access.Anonymous, In(locate, static (kinto, request, target) => kinto.Lists.Count(request, target))),
            Write("POST", Access.Anonymous, In(locate, static (kinto, request, target) => kinto.Lists.Create(request, target))),
            Delete(Access.Anonymous, In(locate, static (kinto, request, target) => kinto.Lists.Delete(request, target))),
        ]);

    /// <summary>A bucket, or an object in it.</summary>
    private static Resource<KintoHandler> Object(
        string template, Func<KintoTarget, RouteValues, KintoTarget> locate, Func<KintoHandlers, KintoRequest, KintoTarget, KintoPlan>? live = null) => new(template,
        [
            Read("GET", Access.Anonymous, In(locate, static (kinto, request, target) => kinto.Objects.Get(request, target)))
                with { AsStream = live is null ? null : Stream(In(locate, live)) },
            Read("HEAD", Access.Anonymous, In(locate, static (kinto, request, target) => kinto.Objects.Get(request, target))),
            Write("PUT", Access.Anonymous, In(locate, static (kinto, request, target) => kinto.Objects.Put(request, target))),
            Write("PATCH", Access.Anonymous, In(locate, static (kinto, request, target) => kinto.Objects.Patch(request, target))),
            Delete(Access.Anonymous, In(locate, static (kinto, request, target) => kinto.Objects.Delete(request, target))),
        ]);

    /// <summary>A quota that administrators set.</summary>
    private static Resource<KintoHandler> Quota(string template, Func<RouteValues, string> subject) => new(template,
        [
            .. Reads(Access.SignedIn, (kinto, request) => kinto.Quotas.Get(request, subject(request.Values))),
            Write("PUT", Access.SignedIn, (kinto, request) => kinto.Quotas.Put(request, subject(request.Values))),
            Write("PATCH", Access.SignedIn, (kinto, request) => kinto.Quotas.Patch(request, subject(request.Values))),
            Delete(Access.SignedIn, (kinto, request) => kinto.Quotas.Delete(request, subject(request.Values))),
        ]);

    private static KintoHandler In(
        Func<KintoTarget, RouteValues, KintoTarget> locate, Func<KintoHandlers, KintoRequest, KintoTarget, KintoPlan> plan) => (kinto, request) =>
    {
        if (request.Principal is null && request.Values["bucket"] is KintoTarget.Default)
        {
            return KintoErrors.Unauthorized;
        }

        for (var i = 0; i < request.Values.Count; i++)
        {
            if (!KintoIds.IsValid(request.Values[i], kinto.Options))
            {
                return KintoErrors.Invalid("path", null, "Invalid object id");
            }
        }

        return plan(kinto, request, locate(KintoTarget.OfBucket(request.Principal, request.Values["bucket"]), request.Values));
    };

    private static IEnumerable<ResourceMethod<KintoHandler>> Reads(Access access, KintoHandler handler) =>
        [Read("GET", access, handler), Read("HEAD", access, handler)];

    private static ResourceMethod<KintoHandler> Read(string method, Access access, KintoHandler handler) => new(method, access, BodyKind.None, handler);

    private static ResourceMethod<KintoHandler> Stream(KintoHandler handler) => new("GET", Access.Anonymous, BodyKind.None, handler, Pacing.Stream);

    private static ResourceMethod<KintoHandler> Write(string method, Access access, KintoHandler handler) => new(method, access, BodyKind.Whole, handler);

    private static ResourceMethod<KintoHandler> Delete(Access access, KintoHandler handler) => new("DELETE", access, BodyKind.None, handler);
}

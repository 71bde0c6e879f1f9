namespace Lockstep.Gateway.Kinto.OpenApi;

/// <summary>
/// The descriptions of each resource's methods. <see cref="KintoResources"/> alone defines which methods exist; a test checks that
/// both agree.
/// </summary>
internal static class ApiOperations
{
    private const string Utilities = "Utilities";
    private const string Access = "Accounts and rights";
    private const string History = "History";
    private const string Quotas = "Quotas";
    private const string Push = "Push";

    private static readonly string[] Conditions = ["If-Match", "If-None-Match"];
    private static readonly string[] Filters = ["_since", "_before", "_to", "_limit", "_token", "_sort", "_fields", "filters"];
    private static readonly string[] Pages = ["_limit", "_token", "_sort", "_fields", "filters"];
    private static readonly string[] Stamps = ["ETag", "Last-Modified"];
    private static readonly string[] Left = [.. Stamps, "Quota-Remaining-Bytes", "Quota-Remaining-Records"];

    private static readonly Dictionary<string, ApiOperation> All = new(
    [
        .. One("/", new("root", Utilities, "Says what this server is, what it can do, and who is asking.") { Answers = [new(200, "The server.", "Root")] }),
        Of("POST", "/batch", new("batch", Utilities, "Carries out several requests, in order.")
        {
            Bodies = [new(ContentTypes.Json, "Batch")], Answers = [new(200, "An answer to each.", "BatchAnswers")],
        }),
        .. One("/__heartbeat__", new("heartbeat", Utilities, "Says whether all that the server needs is there.") { Answers = [new(200, "It is.", "Heartbeat"), new(503, "It is not.", "Heartbeat")] }),
        .. One("/__lbheartbeat__", new("lbheartbeat", Utilities, "Says whether requests should be sent here.") { Answers = [new(200, "They should.", "Nothing"), new(503, "They should not.", "Nothing")] }),
        .. One("/__version__", new("version", Utilities, "Says which program this is.") { Answers = [new(200, "The program.", "Version")] }),
        .. One("/__api__", new("api", Utilities, "This document.") { Answers = [new(200, "The document.", "AnyObject")] }),
        .. One("/__docs__", new("docs", Utilities, "A page that shows this document.") { Answers = [new(200, "The page.", "Text") { MediaType = "text/html" }] }),
        .. One("/__docs__/{file}", new("docs_file", Utilities, "What the page loads.") { Answers = [new(200, "The file.", "Text") { MediaType = "text/javascript" }] }),
        .. One("/contribute.json", new("contribute", Utilities, "Says how to take part in the project.") { Answers = [new(200, "What the setting says.", "AnyObject")] }),
        .. One("/__metrics__", new("metrics", Utilities, "Measurements of this process, in Prometheus' text format.") { Answers = [new(200, "The measurements.", "Text") { MediaType = "text/plain" }] }),
        Of("POST", "/__flush__", new("flush", Utilities, "Deletes everything. For tests.") { Answers = [new(202, "It is deleted.", "Nothing")] }),
        Of("GET", "/openid/{provider}/login", new("openid_login", Access, "Leads a browser to a provider.")
        {
            Parameters = ["callback", "scope", "prompt"], Answers = [new(307, "To the provider.") { Headers = ["Location"] }],
        }),
        Of("GET", "/openid/{provider}/token", new("openid_token", Access, "Leads a browser back from a provider.")
        {
            Parameters = ["state", "code"], Answers = [new(307, "To the callback, with the tokens behind its fragment.") { Headers = ["Location"] }],
        }),
        Of("POST", "/__ticket__", new("create_ticket", Access, "Gives a ticket for one stream.") { Answers = [new(201, "The ticket.", "Ticket")] }),
        Of("DELETE", "/__user_data__/{principal}", new("delete_user_data", Access, "Deletes what somebody without an account has stored. For administrators.")
        {
            Answers = [new(200, "It is deleted.", "UserData")],
        }),
        .. One("/subscriptions", new("subscriptions", Push, "Lists one's push subscriptions.")
        {
            Parameters = [.. Pages, .. Conditions],
            Answers = [new(200, "The subscriptions.", "Subscriptions") { Headers = [.. Stamps, "Next-Page", "Total-Objects"] }],
        }),
        .. One("/subscriptions/{subscription}", new("subscription", Push, "Tells a push subscription.")
        {
            Parameters = ["_fields", .. Conditions], Answers = [new(200, "It.", "Subscription") { Headers = Stamps }, NotModified],
        }),
        Of("PUT", "/subscriptions/{subscription}", new("put_subscription", Push, "Makes, replaces or renews a push subscription.")
        {
            Parameters = Conditions,
            Bodies = [new(ContentTypes.Json, "SubscriptionWrite")],
            Answers = [new(200, "It was replaced.", "Subscription") { Headers = Stamps }, new(201, "It was made.", "Subscription") { Headers = Stamps }],
        }),
        Of("DELETE", "/subscriptions/{subscription}", new("delete_subscription", Push, "Deletes a push subscription.")
        {
            Parameters = Conditions, Answers = [new(200, "It was deleted.", "Deleted") { Headers = Stamps }],
        }),
        .. List("/accounts", Access, "account", "accounts", "Account"),
        .. Object("/accounts/{account}", Access, "account", "Account"),
        .. One("/permissions", new("permissions", Access, "Lists the objects on which one has rights.")
        {
            Parameters = [.. Pages, .. Conditions],
            Answers = [new(200, "The objects.", "Permissions") { Headers = ["ETag", "Last-Modified", "Next-Page", "Total-Objects"] }, NotModified],
        }),
        .. List("/quotas", Quotas, "quota", "quotas", "Quota"),
        .. Object("/quotas/users/{principal}", Quotas, "user_quota", "Quota"),
        .. Object("/quotas/buckets/{bucket}", Quotas, "bucket_quota", "Quota"),
        .. Object("/quotas/buckets/{bucket}/collections/{collection}", Quotas, "collection_quota", "Quota"),
        .. List("/buckets", "Buckets", "bucket", "buckets", "Bucket"),
        .. Object("/buckets/{bucket}", "Buckets", "bucket", "Bucket"),
        .. List("/buckets/{bucket}/collections", "Collections", "collection", "collections", "Collection"),
        .. Object("/buckets/{bucket}/collections/{collection}", "Collections", "collection", "Collection"),
        .. One("/buckets/{bucket}/collections/{collection}/indexes", new("indexes", "Collections", "Says how far the indexes of a collection are.")
        {
            Answers = [new(200, "The indexes.", "Indexes")],
        }),
        .. List("/buckets/{bucket}/groups", "Groups", "group", "groups", "Group"),
        .. Object("/buckets/{bucket}/groups/{group}", "Groups", "group", "Group"),
        .. List("/buckets/{bucket}/collections/{collection}/records", "Records", "record", "records", "Record"),
        .. Object("/buckets/{bucket}/collections/{collection}/records/{record}", "Records", "record", "Record"),
        Of("POST", "/buckets/{bucket}/collections/{collection}/records/{record}/attachment", new("attach_file", "Records", "Stores a file with a record, in place of the one before.")
        {
            Parameters = Conditions,
            Bodies = [new("multipart/form-data", "FileWrite")],
            Answers = [new(200, "The record has it.", "File") { Headers = [.. Left, "Location"] }, new(201, "The record was made with it.", "File") { Headers = [.. Left, "Location"] }],
        }),
        Of("DELETE", "/buckets/{bucket}/collections/{collection}/records/{record}/attachment", new("remove_file", "Records", "Takes a record's file away.")
        {
            Parameters = Conditions, Answers = [new(204, "It has none any more.") { Headers = Left }],
        }),
        .. One("/attachments/{file}", new("file", "Records", "A file, where a record has it.")
        {
            Parameters = [.. Conditions, "Range"],
            Answers =
            [
                new(200, "The file, in the type that its sender said.", "Text") { MediaType = "*/*", Headers = Stamps },
                new(206, "The part that `Range` says.", "Text") { MediaType = "*/*", Headers = Stamps },
                NotModified,
            ],
        }),
        .. One("/buckets/{bucket}/history", new("history", History, "Lists what was done in a bucket, the newest first.")
        {
            Parameters = [.. Filters, .. Conditions],
            Answers = [new(200, "The entries.", "History") { Headers = [.. Stamps, "Next-Page", "Total-Objects"] }, NotModified],
        }),
        Of("DELETE", "/buckets/{bucket}/history", new("delete_history", History, "Deletes entries, and forgets what records were before.")
        {
            Parameters = [.. Filters, .. Conditions], Answers = [new(200, "What was deleted.", "Tombstones") { Headers = Stamps }],
        }),
        .. One("/buckets/{bucket}/snapshot/collections/{snapshot}", new("snapshot", History, "Lists a collection's records as they were.")
        {
            Parameters = ["_limit", "_token", "_fields", "id"], Answers = [new(200, "The records.", "Records") { Headers = [.. Stamps, "Next-Page"] }],
        }),
        Of("POST", "/buckets/{bucket}/snapshot/collections/{snapshot}", new("restore_snapshot", History, "Makes a collection's records what they were.")
        {
            Parameters = ["id"], Answers = [new(200, "What was done.", "Restored") { Headers = Stamps }],
        }),
    ], StringComparer.Ordinal);

    private static ApiAnswer NotModified => new(304, "It is still what `If-None-Match` says.") { Headers = Stamps };

    /// <param name="method">As in requests.</param>
    /// <param name="template">The resource's template.</param>
    /// <returns>Null where there is no description.</returns>
    public static ApiOperation? Find(string method, string template) => All.GetValueOrDefault($"{method} {template}");

    private static KeyValuePair<string, ApiOperation> Of(string method, string template, ApiOperation operation) => new($"{method} {template}", operation);

    /// <summary>GET, and HEAD, which is the same without a body.</summary>
    private static IEnumerable<KeyValuePair<string, ApiOperation>> One(string template, ApiOperation get) =>
        [Of("GET", template, get with { Id = $"get_{get.Id}" }), Of("HEAD", template, Head(get))];

    private static ApiOperation Head(ApiOperation get) => get with { Id = $"head_{get.Id}", Answers = [.. get.Answers.Select(static answer => answer with { Schema = null })] };

    /// <summary>Objects of one kind.</summary>
    private static IEnumerable<KeyValuePair<string, ApiOperation>> List(string template, string tag, string one, string many, string schema)
    {
        var list = new ApiOperation(many, tag, $"Lists {many}.")
        {
            Parameters = [.. Filters, .. Conditions],
            Answers = [new(200, "A page of them.", schema + "s") { Headers = [.. Stamps, "Next-Page", "Total-Objects"] }, NotModified],
        };
        return
        [
            .. One(template, list),
            Of("POST", template, new($"create_{one}", tag, $"Makes {Some(one)}, unless one of its id is there.")
            {
                Parameters = Conditions,
                Bodies = [new(ContentTypes.Json, schema + "Write")],
                Answers = [new(200, "It was there, and is as it was.", schema) { Headers = Left }, new(201, "It was made.", schema) { Headers = Left }],
            }),
            Of("DELETE", template, new($"delete_{many}", tag, $"Deletes {many}.")
            {
                Parameters = [.. Filters, .. Conditions],
                Answers = [new(200, "What was deleted.", "Tombstones") { Headers = [.. Stamps, "Next-Page"] }],
            }),
        ];
    }

    private static IEnumerable<KeyValuePair<string, ApiOperation>> Object(string template, string tag, string one, string schema) =>
    [
        .. One(template, new(one, tag, $"Tells {Some(one)}.")
        {
            Parameters = ["_fields", .. Conditions], Answers = [new(200, "It.", schema) { Headers = Stamps }, NotModified],
        }),
        Of("PUT", template, new($"put_{one}", tag, $"Makes or replaces {Some(one)}.")
        {
            Parameters = Conditions,
            Bodies = [new(ContentTypes.Json, schema + "Write")],
            Answers = [new(200, "It was replaced.", schema) { Headers = Left }, new(201, "It was made.", schema) { Headers = Left }],
        }),
        Of("PATCH", template, new($"patch_{one}", tag, $"Changes some of {Some(one)}.")
        {
            Parameters = ["Response-Behavior", .. Conditions],
            Bodies = [new(ContentTypes.Json, schema + "Write"), new(ContentTypes.MergePatch, "MergePatch"), new(ContentTypes.JsonPatch, "JsonPatch")],
            Answers = [new(200, "It was changed.", "Patched") { Headers = Left }],
        }),
        Of("DELETE", template, new($"delete_{one}", tag, $"Deletes {Some(one)}.")
        {
            Parameters = ["last_modified", .. Conditions], Answers = [new(200, "It was deleted.", "Deleted") { Headers = Stamps }],
        }),
    ];

    private static string Some(string one) => $"{(one[0] is 'a' ? "an" : "a")} {one.Replace('_', ' ')}";
}

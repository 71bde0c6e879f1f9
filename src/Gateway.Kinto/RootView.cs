using System.Text.Json;
using Lockstep.Core.Owner;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Kinto.Push;
using Lockstep.Gateway.OpenId;

namespace Lockstep.Gateway.Kinto;

/// <summary><c>GET /</c>: describes this server. Has Kinto's keys and the older ones of cliquet and Syncto.</summary>
internal sealed class RootView(KintoOptions options, BucketOptions owners, OpenIdProviders openId, SharedObjects shared, VapidKey vapid, TimeProvider time)
{
    private const int MaxGroups = 1_000;

    // Clients request this view before anything else, so a slow bucket must not keep them from the rest.
    private static readonly TimeSpan GroupsTime = TimeSpan.FromSeconds(1);

    /// <summary>The Kinto API version that is served.</summary>
    public const string ApiVersion = "1.23";

    public KintoPlan Plan(KintoRequest request) => request.Principal is not { } principal
        ? Answer(request, [])
        : new KintoPlan.Prepared(async cancellationToken => Answer(request, await GroupsAsync(principal, cancellationToken)));

    private KintoResponse Answer(KintoRequest request, IReadOnlyList<string> groups) => new(200)
    {
        Body = output =>
        {
            using var writer = new Utf8JsonWriter(output);
            Write(writer, request, groups);
        },
    };

    /// <summary>The groups that a user is in, in any bucket; none if they cannot be found in time.</summary>
    private async ValueTask<IReadOnlyList<string>> GroupsAsync(Principal principal, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var who = await shared.ResolveAsync(principal, ended.Token, MaxGroups).AsTask().WaitAsync(GroupsTime, time, cancellationToken);
            return [.. (who.Groups?.Keys ?? []).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            await ended.CancelAsync();
            return [];
        }
    }

    private void Write(Utf8JsonWriter writer, KintoRequest request, IReadOnlyList<string> groups)
    {
        writer.WriteStartObject();
        writer.WriteString("project_name", options.ProjectName);
        writer.WriteString("project_version", ServerVersion.Version);
        writer.WriteString("http_api_version", ApiVersion);
        writer.WriteString("project_docs", options.ProjectDocs);
        writer.WriteString("url", request.BaseUrl + "/");
        writer.WriteString("hello", options.ProjectName);
        writer.WriteString("version", ServerVersion.Version);
        writer.WriteString("commit", ServerVersion.Commit);
        writer.WriteString("documentation", options.ProjectDocs);
        if (options.Eos is { } eos)
        {
            writer.WriteString("eos", eos);
        }

        writer.WriteStartObject("settings");
        writer.WriteBoolean("readonly", options.ReadOnly);
        writer.WriteBoolean("explicit_permissions", owners.Access.AuthorsMayWrite);
        writer.WriteNumber("batch_max_requests", options.BatchMaxRequests);
        writer.WriteNumber("cliquet.batch_max_requests", options.BatchMaxRequests);
        writer.WriteEndObject();
        if (request.Principal is { } principal)
        {
            writer.WriteString("userid", principal.Id);
            writer.WriteStartObject("user");
            writer.WriteString("id", principal.Id);
            writer.WriteString("bucket", principal.DefaultBucket);
            writer.WriteStartArray("principals");
            writer.WriteStringValue(principal.Id);
            writer.WriteStringValue("system.Everyone");
            writer.WriteStringValue("system.Authenticated");
            foreach (var group in groups)
            {
                writer.WriteStringValue(group);
            }

            writer.WriteEndArray();
            WriteProfile(writer, principal);
            writer.WriteEndObject();
        }

        writer.WriteStartObject("capabilities");
        WriteCapability(writer, "default_bucket", "The default bucket is an alias for a personal bucket where collections are created implicitly.");
        WriteCapability(writer, "accounts", "Manage user accounts.", json => json.WriteBoolean("validation_enabled", value: false));
        WriteCapability(writer, "permissions_endpoint", "The permissions endpoint can be used to list all user objects permissions.");
        var logins = openId.All.Where(static provider => provider.Options.HasLogin).ToList();
        if (logins.Count > 0)
        {
            WriteCapability(writer, "openid", "OpenID connect support.", json => WriteProviders(json, logins));
        }

        if (options.Schemas.Enabled)
        {
            WriteCapability(writer, "schema", "Validates collection records with JSON schemas.");
        }

        if (owners.Quotas.IsOn)
        {
            WriteCapability(writer, "quotas", "What buckets, collections and users may hold is limited.");
        }

        if (options.Live.Enabled)
        {
            writer.WriteStartObject("live");
            writer.WriteString("description", "Changes of lists, collections and buckets are streamed to clients that ask for text/event-stream or for a WebSocket.");
            writer.WriteString("url", "https://html.spec.whatwg.org/multipage/server-sent-events.html");
            writer.WriteEndObject();
        }

        if (options.Push.IsOn)
        {
            writer.WriteStartObject("push");
            writer.WriteString("description", "Apps that sleep are woken by Web Push when a bucket or a collection changes.");
            writer.WriteString("url", "https://www.rfc-editor.org/rfc/rfc8030");
            writer.WriteString("vapid_public_key", vapid.PublicKey);
            writer.WriteEndObject();
        }

        if (options.Attachments.Enabled)
        {
            writer.WriteStartObject("attachments");
            writer.WriteString("description", "Add file attachments to records");
            writer.WriteString("url", "https://github.com/Kinto/kinto-attachment/");
            writer.WriteString("base_url", request.BaseUrl + "/attachments/");
            writer.WriteEndObject();
        }

        if (options.History.Enabled)
        {
            WriteCapability(writer, "history", "Track changes on data.", WriteHistory);
        }

        if (options.Flush)
        {
            WriteCapability(writer, "flush_endpoint", "The __flush__ endpoint can be used to remove all data from all backends.");
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteProfile(Utf8JsonWriter writer, Principal principal)
    {
        if (principal.Profile is { } profile)
        {
            writer.WriteStartObject("profile");
            foreach (var (name, value) in profile)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        }
    }

    /// <summary>In Kinto's form. A provider's metadata appears once it is known; nobody waits for it here.</summary>
    private static void WriteProviders(Utf8JsonWriter writer, IReadOnlyList<OpenIdProvider> providers)
    {
        writer.WriteStartArray("providers");
        foreach (var provider in providers)
        {
            writer.WriteStartObject();
            writer.WriteString("name", provider.Options.Name);
            writer.WriteString("issuer", provider.Options.Issuer);
            writer.WriteString("auth_path", $"/openid/{provider.Options.Name}/login");
            writer.WriteString("client_id", provider.Options.ClientId);
            writer.WriteString("audience", provider.Options.Audience ?? "");
            writer.WriteString("header_type", provider.Options.HeaderType);
            if (provider.Known?.Userinfo is { } userinfo)
            {
                writer.WriteString("userinfo_endpoint", userinfo);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>In Kinto's form: how much history is kept, and where none is.</summary>
    private void WriteHistory(Utf8JsonWriter writer)
    {
        string[] trimmed = owners.History.TrimmedUsers.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (trimmed.Length > 0 || owners.History.MaxEntries > 0)
        {
            writer.WriteNumber("auto_trim_max_count", trimmed.Length > 0 ? owners.History.MaxEntriesOfTrimmedUsers : owners.History.MaxEntries);
        }

        if (trimmed.Length > 0)
        {
            writer.WriteStartArray("auto_trim_user_ids");
            foreach (var user in trimmed)
            {
                writer.WriteStringValue(user);
            }

            writer.WriteEndArray();
        }

        if (options.History.ExcludedResources.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } excluded)
        {
            writer.WriteStartArray("excluded_resources");
            foreach (var path in excluded)
            {
                writer.WriteStartObject();
                foreach (var (kind, id) in path.Trim('/').Split('/').Chunk(2).Where(static pair => pair.Length == 2).Select(static pair => (pair[0], pair[1])))
                {
                    writer.WriteString(kind.TrimEnd('s'), id);
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }
    }

    /// <summary>Where Kinto's documentation describes a capability; these are the links of Kinto's own root view.</summary>
    private static string PageOf(string capability) => capability switch
    {
        "accounts" => "api/1.x/accounts.html",
        "default_bucket" => "api/1.x/buckets.html#personal-bucket-default",
        "flush_endpoint" => "api/1.x/flush.html",
        "history" => "api/1.x/history.html",
        "openid" => "api/1.x/authentication.html",
        "permissions_endpoint" => "configuration/settings.html#activating-the-permissions-endpoint",
        "schema" => "api/1.x/collections.html#collection-json-schema",
        _ => "api/1.x/errors.html",
    };

    private static void WriteCapability(Utf8JsonWriter writer, string name, string description, Action<Utf8JsonWriter>? more = null)
    {
        writer.WriteStartObject(name);
        writer.WriteString("description", description);
        writer.WriteString("url", "https://kinto.readthedocs.io/en/latest/" + PageOf(name));
        more?.Invoke(writer);
        writer.WriteEndObject();
    }
}

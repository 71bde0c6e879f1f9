using System.Text.Json;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary><c>GET /</c>: what this server is. Carries Kinto's keys and the older ones of cliquet and Syncto.</summary>
internal sealed class RootView(KintoOptions options)
{
    /// <summary>The Kinto API version whose clients are served.</summary>
    public const string ApiVersion = "1.23";

    public KintoPlan Plan(KintoRequest request) => new KintoResponse(200)
    {
        Body = output =>
        {
            using var writer = new Utf8JsonWriter(output);
            Write(writer, request);
        },
    };

    private void Write(Utf8JsonWriter writer, KintoRequest request)
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
        writer.WriteBoolean("explicit_permissions", value: true);
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
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteStartObject("capabilities");
        WriteCapability(writer, "default_bucket", "The default bucket is an alias for a personal bucket where collections are created implicitly.");
        WriteCapability(writer, "accounts", "Manage user accounts.", json => json.WriteBoolean("validation_enabled", value: false));
        if (options.Flush)
        {
            WriteCapability(writer, "flush_endpoint", "The __flush__ endpoint can be used to remove all data from all backends.");
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteCapability(Utf8JsonWriter writer, string name, string description, Action<Utf8JsonWriter>? more = null)
    {
        writer.WriteStartObject(name);
        writer.WriteString("description", description);
        writer.WriteString("url", $"https://docs.kinto-storage.org/en/latest/api/1.x/{(name is "default_bucket" ? "buckets.html#personal-bucket-default" : name is "accounts" ? "accounts.html" : "flush.html")}");
        more?.Invoke(writer);
        writer.WriteEndObject();
    }
}

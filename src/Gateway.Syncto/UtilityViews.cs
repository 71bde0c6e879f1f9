using Lockstep.Gateway.Http;
using Lockstep.Gateway.Syncto.Opening;

namespace Lockstep.Gateway.Syncto;

/// <summary>The views without data.</summary>
internal sealed class UtilityViews(SynctoOptions options, IStorageAccess access, Drain drain)
{
    /// <summary>Syncto's name for itself.</summary>
    private const string Name = "syncto";

    /// <summary><c>GET /v1/</c>: the keys of Syncto 1.0 and those of its later versions.</summary>
    public SynctoResponse Root(SynctoRequest request) => SynctoResponse.Object(200, writer =>
    {
        writer.WriteString("hello", Name);
        writer.WriteString("version", ServerVersion.Version);
        writer.WriteString("commit", ServerVersion.Commit);
        writer.WriteString("url", request.BaseUrl + "/v1");
        writer.WriteString("documentation", options.ProjectDocs);
        writer.WriteString("project_name", Name);
        writer.WriteString("project_version", ServerVersion.Version);
        writer.WriteString("project_docs", options.ProjectDocs);
        writer.WriteString("http_api_version", "1.5");
        writer.WriteString("cliquet_protocol_version", "2");
        if (options.Eos is { } eos)
        {
            writer.WriteString("eos", eos);
        }

        writer.WriteStartObject("settings");
        writer.WriteNumber("batch_max_requests", options.BatchMaxRequests);
        writer.WriteNumber("cliquet.batch_max_requests", options.BatchMaxRequests);
        writer.WriteBoolean("readonly", options.PutEnabled.Length == 0 && options.DeleteEnabled.Length == 0);
        writer.WriteEndObject();
        writer.WriteStartObject("capabilities");
        writer.WriteEndObject();
        if (request.User is { } user)
        {
            writer.WriteString("userid", user);
            writer.WriteStartObject("user");
            writer.WriteString("id", user);
            writer.WriteEndObject();
        }
    });

    /// <summary><c>GET /v1/__heartbeat__</c>.</summary>
    public async ValueTask<SynctoResponse> HeartbeatAsync(CancellationToken cancellationToken)
    {
        var healthy = await access.IsHealthyAsync(cancellationToken);
        return SynctoResponse.Object(healthy ? 200 : 503, writer =>
        {
            // The cache is memory of the process.
            writer.WriteBoolean("cache", value: true);
            writer.WriteBoolean("sync", healthy);
        });
    }

    public SynctoResponse LoadBalancerHeartbeat() => SynctoResponse.Object(drain.IsDraining ? 503 : 200, static _ => { });

    /// <summary><c>GET /v0/fxa-oauth/params</c>: where to get an access token.</summary>
    public SynctoResponse OAuthParameters() => SynctoResponse.Object(200, writer =>
    {
        writer.WriteString("client_id", options.OAuthClientId);
        writer.WriteString("oauth_uri", options.OAuthUri);
        writer.WriteString("scope", options.OAuthScope);
    });
}

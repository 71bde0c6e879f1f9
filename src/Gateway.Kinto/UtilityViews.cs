using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Health;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary>The views between double underscores: health, version, flush.</summary>
internal sealed class UtilityViews(KintoOptions options, IBucketIndex index, IBuckets buckets, StorageCheck storage, Drain drain)
{
    private const int FlushedAtOnce = 500;

    public KintoPlan Heartbeat() => new KintoPlan.Task(HeartbeatAsync);

    public KintoPlan LoadBalancerHeartbeat() => Object(drain.IsDraining ? 503 : 200, static _ => { });

    public KintoPlan Version() => Object(200, WriteVersion);

    public KintoPlan Flush() => new KintoPlan.Task(FlushAsync);

    private async ValueTask<KintoResponse> HeartbeatAsync(CancellationToken cancellationToken)
    {
        var healthy = await storage.IsHealthyAsync(cancellationToken);
        return Object(healthy ? 200 : 503, writer =>
        {
            writer.WriteBoolean("storage", healthy);
            writer.WriteBoolean("permission", healthy);
            writer.WriteBoolean("cache", value: true);
        });
    }

    private void WriteVersion(Utf8JsonWriter writer)
    {
        writer.WriteString("name", options.ProjectName);
        writer.WriteString("version", ServerVersion.Version);
        writer.WriteString("commit", ServerVersion.Commit);
    }

    /// <summary>Deletes every Kinto bucket through its owner, so that clocks continue and readers notice. Accounts stay.</summary>
    private async ValueTask<KintoResponse> FlushAsync(CancellationToken cancellationToken)
    {
        BucketId? last = null;
        while (true)
        {
            var ids = await index.ListExistingAsync(last, FlushedAtOnce, cancellationToken);
            if (ids.Count == 0)
            {
                return Object(202, static _ => { });
            }

            foreach (var id in ids.Where(static id => id.Kind == BucketKind.Kinto))
            {
                var response = await buckets.Get(id).ExecuteAsync(new BucketRequest(Caller.System, [new DeleteRecord(ObjectRef.Bucket)]), cancellationToken);
                if (response.Outcomes[0] is Unavailable)
                {
                    return KintoErrors.Unavailable(options.RetryAfter);
                }
            }

            last = ids[^1];
        }
    }

    private static KintoResponse Object(int status, Action<Utf8JsonWriter> members) => new(status)
    {
        Body = output =>
        {
            using var writer = new Utf8JsonWriter(output);
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        },
    };
}

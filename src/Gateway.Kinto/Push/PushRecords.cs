using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Push;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Kinto.Push;

/// <summary>
/// Push subscriptions as records, with the operations of buckets: <c>{"endpoint": "https://…", "keys": {"p256dh": "…", "auth": "…"}, "path": "/buckets/…"}</c>, as a browser's
/// <c>PushSubscription.toJSON()</c> has it, with a path.
/// </summary>
internal sealed class PushRecords(IPushStore store, PushView view, KintoOptions options, TimeProvider time)
{
    private const string Endpoint = "endpoint";
    private const string Keys = "keys";
    private const string PublicKey = "p256dh";
    private const string AuthSecret = "auth";
    private const string Path = "path";

    // Browsers have it; nothing follows from it: the push service says so when a subscription is gone.
    private const string Expiration = "expirationTime";

    /// <summary>Reads all subscriptions of a user. They leave no tombstones, so the list is new each time.</summary>
    public async ValueTask<Outcome> ListAsync(Principal principal, Operation operation, CancellationToken cancellationToken) =>
        PushUsers.OwnerOf(principal) is { } owner
            ? InMemoryRecords.ReadList(operation, [.. (await store.ListAsync(owner, cancellationToken)).Select(Of)], ServerTimestamp.Now(time))
            : Forbidden.Instance;

    /// <summary>Carries out an operation on one subscription of a user.</summary>
    public async ValueTask<Outcome> ExecuteAsync(Principal principal, string id, Operation operation, CancellationToken cancellationToken)
    {
        if (PushUsers.OwnerOf(principal) is not { } owner)
        {
            return Forbidden.Instance;
        }

        while (true)
        {
            var subscription = await store.FindAsync(owner, id, cancellationToken);
            var record = subscription is null ? null : Of(subscription);
            if (InMemoryRecords.Refusal(operation, record) is { } refusal)
            {
                return refusal;
            }

            if (subscription is null && operation is not PutRecord)
            {
                return new Missing(ObjectRef.Record("subscriptions", id));
            }

            var now = ServerTimestamp.Max(ServerTimestamp.Now(time), (subscription?.Modified ?? default).Plus(1));
            switch (operation)
            {
                case ReadRecord or PutRecord { Body: null } when record is not null:
                    return new RecordFound(record);
                case DeleteRecord:
                    if (await store.RemoveAsync(subscription!, cancellationToken))
                    {
                        return new RecordDeleted(StoredRecord.Tombstone(id, now, author: null));
                    }

                    break;
                case PutRecord put:
                    var (next, invalid) = await ReadAsync(principal, put.Body ?? RecordData.EmptyObject, cancellationToken);
                    if (next is null)
                    {
                        return invalid!;
                    }

                    next = next with { Owner = owner, Id = id, Modified = now, Due = subscription?.Due ?? default };
                    switch (await store.PutAsync(next, subscription?.Modified ?? default, options.Push.MaxSubscriptions, cancellationToken))
                    {
                        case PushChange.Done:
                            return new RecordWritten(Of(next), Created: subscription is null) { Previous = record };
                        case PushChange.Full:
                            return new Refused("path", null, $"A user has at most {options.Push.MaxSubscriptions} subscriptions. Delete one.");
                    }

                    break;
                default:
                    throw new InvalidOperationException($"A subscription has no {operation.GetType().Name}.");
            }
        }
    }

    private static StoredRecord Of(PushSubscription subscription)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString(Endpoint, subscription.Endpoint);
            writer.WriteStartObject(Keys);
            writer.WriteString(PublicKey, subscription.PublicKey);
            writer.WriteString(AuthSecret, subscription.AuthSecret);
            writer.WriteEndObject();
            writer.WriteString(Path, subscription.Path);
            writer.WriteEndObject();
        }

        return new StoredRecord { Id = subscription.Id, Modified = subscription.Modified, Body = body.WrittenMemory };
    }

    /// <returns>The subscription, from what its user sees now on; or why there can be none.</returns>
    private async ValueTask<(PushSubscription? Subscription, Outcome? Refusal)> ReadAsync(Principal principal, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        string? endpoint = null, publicKey = null, authSecret = null, path = null;
        using (var document = JsonText.Parse(body))
        {
            var data = document.RootElement;
            foreach (var property in data.EnumerateObject())
            {
                if (property.Name is not (Endpoint or Keys or Path or Expiration))
                {
                    return (null, new Refused("body", $"data.{property.Name}", "is unknown: a subscription has endpoint, keys and path"));
                }
            }

            (endpoint, path) = (Text(data, Endpoint), Text(data, Path));
            if (data.TryGetProperty(Keys, out var keys) && keys.ValueKind == JsonValueKind.Object)
            {
                (publicKey, authSecret) = (Text(keys, PublicKey), Text(keys, AuthSecret));
            }
        }

        if (endpoint is null || PushEndpoint.Parse(endpoint, options.Push) is null)
        {
            return (null, new Refused("body", "data.endpoint", "should be an https URL of a push service that this server sends to"));
        }

        if (Bytes(publicKey) is not { } point || !PushEncryption.IsPublicKey(point))
        {
            return (null, new Refused("body", "data.keys.p256dh", "should be a point of P-256, not compressed, as base64url"));
        }

        if (Bytes(authSecret) is not { Length: PushEncryption.AuthBytes })
        {
            return (null, new Refused("body", "data.keys.auth", $"should be {PushEncryption.AuthBytes} bytes as base64url"));
        }

        if (path is null || Target(principal, path) is not var (target, collection))
        {
            return (null, new Refused("body", "data.path", "should be the path of a bucket or of a collection"));
        }

        var (stamp, refusal) = await view.ReadAsync(principal, target.Bucket, collection, ServerTimestamp.Zero, cancellationToken);
        return refusal switch
        {
            null => (new PushSubscription
            {
                Owner = "",
                Id = "",
                Bucket = target.Bucket,
                Collection = collection,
                Path = path,
                Endpoint = endpoint,
                PublicKey = publicKey!,
                AuthSecret = authSecret!,
                Modified = default,
                Told = stamp,
            }, null),
            Missing or ParentMissing => (null, new Refused("body", "data.path", $"{path} does not exist")),
            _ => (null, refusal),
        };
    }

    private (KintoTarget Target, string Collection)? Target(Principal principal, string path)
    {
        if (path is not ['/', ..] || RequestPath.OfDecoded(path) is not { Count: 2 or 4 } parts || parts[0] is not "buckets" || !KintoIds.IsValid(parts[1], options)
            || (parts.Count == 4 && !(parts[2] is "collections" && KintoIds.IsValid(parts[3], options))))
        {
            return null;
        }

        return (KintoTarget.OfBucket(principal, parts[1]), parts.Count == 4 ? parts[3] : "");
    }

    private static string? Text(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) ? JsonText.Read(value) : null;

    private static byte[]? Bytes(string? text) => text is { Length: < 128 } && Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : null;
}

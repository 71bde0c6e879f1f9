using Lockstep.Core.Buckets;
using Lockstep.Core.Time;

namespace Lockstep.Core.Push;

/// <summary>An app's wish to be woken by a push service (RFC 8030) when a bucket or a collection changes.</summary>
public sealed record PushSubscription
{
    /// <summary>The user's principal in the stored form: <c>account:alice#7</c>.</summary>
    public required string Owner { get; init; }

    /// <summary>Different from the ids of the owner's other subscriptions.</summary>
    public required string Id { get; init; }

    public required BucketId Bucket { get; init; }

    /// <summary>The collection whose records it is about; empty for all of the bucket.</summary>
    public required string Collection { get; init; }

    /// <summary>Bucket and collection as the owner named them: <c>/buckets/default/collections/tasks</c>.</summary>
    public required string Path { get; init; }

    /// <summary>URL of the push service, which nobody else can guess.</summary>
    public required string Endpoint { get; init; }

    /// <summary>The app's public key for messages (RFC 8291: <c>p256dh</c>), as base64url.</summary>
    public required string PublicKey { get; init; }

    /// <summary>The secret that app and server share (RFC 8291: <c>auth</c>), as base64url.</summary>
    public required string AuthSecret { get; init; }

    /// <summary>When the owner last put it. Rises with each time.</summary>
    public required ServerTimestamp Modified { get; init; }

    /// <summary>What changed up to this stamp has been told.</summary>
    public ServerTimestamp Told { get; init; }

    /// <summary>No notice is sent before.</summary>
    public ServerTimestamp Due { get; init; }

    /// <summary>How often in a row the push service could not take the newest notice.</summary>
    public int Tries { get; init; }
}

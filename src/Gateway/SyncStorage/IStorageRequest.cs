using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>A request of a user who has signed in, about their storage.</summary>
public interface IStorageRequest
{
    /// <summary>The user whose storage it is about.</summary>
    BucketId Bucket { get; }

    Caller Caller { get; }

    /// <summary>The budget that the answer takes room from.</summary>
    AnswerRoom Room { get; }

    /// <summary>Tells the client to wait before it asks again, because the storage's clock runs ahead.</summary>
    void SlowDown();
}

using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>A request of somebody who has signed in, about their storage.</summary>
public interface IStorageRequest
{
    /// <summary>Whose storage it is about.</summary>
    BucketId Bucket { get; }

    Caller Caller { get; }

    /// <summary>The budget that the answer takes room from.</summary>
    AnswerRoom Room { get; }

    /// <summary>Says that the client is to wait before it asks again: the storage's clock runs ahead.</summary>
    void SlowDown();
}

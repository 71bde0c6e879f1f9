using Lockstep.Core.Buckets;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Asks owners for storages of Sync 1.1, whose records have a size of their own.</summary>
internal sealed class StorageCalls(IBuckets buckets, Sync11Options options, TimeProvider time) : BucketCalls(buckets, new AnswerSizes(options.MaxRecordPayloadBytes), time);

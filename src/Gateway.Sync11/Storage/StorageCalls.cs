using Lockstep.Core.Buckets;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Asks owners for storages of Sync 1.1, which have their own limit of a record's size.</summary>
internal sealed class StorageCalls(IBuckets buckets, Sync11Options options, TimeProvider time) : BucketCalls(buckets, new AnswerSizes(options.MaxRecordPayloadBytes), time);

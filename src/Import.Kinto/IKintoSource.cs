using Lockstep.Core.Time;

namespace Lockstep.Import.Kinto;

/// <summary>A Kinto, as it is read. Not for several readers at once.</summary>
public interface IKintoSource : IAsyncDisposable
{
    /// <summary>How many objects each list has, there and deleted, by the list's parent (<c>/buckets/a/collections/b</c>) and kind (<c>record</c>).</summary>
    Task<IReadOnlyDictionary<(string Parent, string Kind), (long Live, long Tombstones)>> CountAsync(CancellationToken cancellationToken);

    /// <summary>Names of accounts with the hashes of their passwords; null where there is none, or none can be had.</summary>
    IAsyncEnumerable<(string Name, string? Hash)> ReadAccountsAsync(CancellationToken cancellationToken);

    /// <summary>Buckets whose ids can be those of default buckets, with those who may write them.</summary>
    IAsyncEnumerable<(string Bucket, string Principal)> ReadUuidBucketsAsync(CancellationToken cancellationToken);

    /// <summary>Ids, data and stamps of all buckets, and which were deleted, in the order of ids; without what they say of rights.</summary>
    Task<IReadOnlyList<KintoObject>> ReadBucketsAsync(CancellationToken cancellationToken);

    /// <summary>All of a short list, in the order of ids, with what each says of rights.</summary>
    /// <param name="parent">The list's parent.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="path">What is in front of an object's id in its path.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<IReadOnlyList<KintoObject>> ReadShortAsync(string parent, string kind, string path, CancellationToken cancellationToken);

    /// <summary>What objects say of rights, by their paths.</summary>
    Task<IReadOnlyDictionary<string, IReadOnlyList<KintoEntry>>> ReadEntriesAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken);

    /// <summary>A collection's records and their tombstones in the order of ids, as they are read: what one says of rights counts until the next. Nothing else can be read until that has ended.</summary>
    /// <param name="collection">The collection's path.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    IAsyncEnumerable<KintoObject> ReadRecordsAsync(string collection, CancellationToken cancellationToken);

    /// <summary>Stamps that a bucket's lists have whatever is in them, by parent and kind.</summary>
    /// <param name="bucket">The bucket's path.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<IReadOnlyDictionary<(string Parent, string Kind), ServerTimestamp>> ReadStampsAsync(string bucket, CancellationToken cancellationToken);
}

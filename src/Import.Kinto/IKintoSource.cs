using Lockstep.Core.Time;

namespace Lockstep.Import.Kinto;

/// <summary>A Kinto server to read from. Not for several readers at once.</summary>
public interface IKintoSource : IAsyncDisposable
{
    /// <summary>How many live and deleted objects each list has, by the list's parent (<c>/buckets/a/collections/b</c>) and kind (<c>record</c>).</summary>
    Task<IReadOnlyDictionary<(string Parent, string Kind), (long Live, long Tombstones)>> CountAsync(CancellationToken cancellationToken);

    /// <summary>Names of accounts with their password hashes; null if an account has none, or none can be read.</summary>
    IAsyncEnumerable<(string Name, string? Hash)> ReadAccountsAsync(CancellationToken cancellationToken);

    /// <summary>Buckets whose ids can be those of default buckets, with the principals who may write them.</summary>
    IAsyncEnumerable<(string Bucket, string Principal)> ReadUuidBucketsAsync(CancellationToken cancellationToken);

    /// <summary>Ids, data and stamps of all buckets, deleted ones included, in the order of ids; without rights.</summary>
    Task<IReadOnlyList<KintoObject>> ReadBucketsAsync(CancellationToken cancellationToken);

    /// <summary>All objects of a short list with their rights, in the order of ids.</summary>
    /// <param name="parent">The list's parent.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="path">The part of an object's path before its id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<IReadOnlyList<KintoObject>> ReadShortAsync(string parent, string kind, string path, CancellationToken cancellationToken);

    /// <summary>Rights of objects, by their paths.</summary>
    Task<IReadOnlyDictionary<string, IReadOnlyList<KintoEntry>>> ReadEntriesAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken);

    /// <summary>
    /// A collection's records and their tombstones in the order of ids, as they are read. A record's rights are valid until the next record is read. Nothing else can be
    /// read until this has ended.
    /// </summary>
    /// <param name="collection">The collection's path.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    IAsyncEnumerable<KintoObject> ReadRecordsAsync(string collection, CancellationToken cancellationToken);

    /// <summary>Stamps that a bucket's lists have independently of their contents, by parent and kind.</summary>
    /// <param name="bucket">The bucket's path.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<IReadOnlyDictionary<(string Parent, string Kind), ServerTimestamp>> ReadStampsAsync(string bucket, CancellationToken cancellationToken);
}

using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>A list that a stream tells of, or an object of one.</summary>
/// <param name="list">The list.</param>
/// <param name="path">As clients see it: of a list its own, of an object that one's.</param>
/// <param name="onlyId">The object, where it is one; null for the whole list.</param>
internal sealed class LiveSource(ListRef list, string path, string? onlyId = null)
{
    public ListRef List => list;

    public string Path => path;

    /// <summary>Whether it is one object, of which nothing is to be forgotten that is not told anyway.</summary>
    public bool IsObject => onlyId is not null;

    /// <summary>Whether it is the bucket's own object. Whoever may make buckets may look for one, so that it is refused to nobody who signed in; what a stream is for is the others.</summary>
    public bool IsBucket => list.Role == ListRole.Self;

    /// <summary>Up to where it is told by itself, where that is further than the stream is. Zero for no further.</summary>
    public ServerTimestamp Own { get; set; }

    /// <summary>Whether it has to be read: something of it may have changed, or was read and not told yet.</summary>
    public bool IsDue { get; set; } = true;

    /// <summary>Of one that is due the oldest change that was found and not told; zero where that is not known.</summary>
    public ServerTimestamp First { get; set; }

    /// <summary>By which the caller is refused, who may not read it, or what is not there; 0 where they read it.</summary>
    public int Status { get; set; }

    /// <summary>The bucket's own object.</summary>
    public static LiveSource Bucket(KintoTarget bucket) => new(ListRef.Self, bucket.Path, ObjectRef.Bucket.Id);

    /// <summary>A collection's own object.</summary>
    public static LiveSource Collection(KintoTarget bucket, string id) => new(ListRef.Collections, bucket.Collection(id).Path, id);

    /// <summary>What a list's path names.</summary>
    public static LiveSource Of(KintoTarget target) => new(target.List, target.Path);

    public bool Has(StoredRecord record) => onlyId is null || string.Equals(record.Id, onlyId, StringComparison.Ordinal);

    public string PathOf(StoredRecord record) => onlyId is null ? $"{path}/{record.Id}" : path;
}

using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto.Live;

/// <summary>A list that a stream covers, or one object of a list.</summary>
/// <param name="list">The list.</param>
/// <param name="path">The path of the list or of the object, as clients see it.</param>
/// <param name="onlyId">The object's id; null for the whole list.</param>
internal sealed class LiveSource(ListRef list, string path, string? onlyId = null)
{
    public ListRef List => list;

    public string Path => path;

    /// <summary>Whether it is one object. A client need not be told to forget it: its new state says everything.</summary>
    public bool IsObject => onlyId is not null;

    /// <summary>Whether it is the bucket's own object. Whoever may create buckets may ask for one, so it is refused to nobody who signed in. What the caller may read is
    /// therefore judged by the others.</summary>
    public bool IsBucket => list.Role == ListRole.Self;

    /// <summary>The stamp up to which it was sent by itself, if that is further than the stream; otherwise zero.</summary>
    public ServerTimestamp Own { get; set; }

    /// <summary>Whether it has to be read: something may have changed, or was read and not sent yet.</summary>
    public bool IsDue { get; set; } = true;

    /// <summary>If it is due, the stamp of the oldest change that was found and not sent; zero if that is not known.</summary>
    public ServerTimestamp First { get; set; }

    /// <summary>The status of the refusal, if the caller may not read it or it does not exist; 0 if they read it.</summary>
    public int Status { get; set; }

    /// <summary>The bucket's own object.</summary>
    public static LiveSource Bucket(KintoTarget bucket) => new(ListRef.Self, bucket.Path, ObjectRef.Bucket.Id);

    /// <summary>A collection's own object.</summary>
    public static LiveSource Collection(KintoTarget bucket, string id) => new(ListRef.Collections, bucket.Collection(id).Path, id);

    /// <summary>The list that a path names.</summary>
    public static LiveSource Of(KintoTarget target) => new(target.List, target.Path);

    public bool Has(StoredRecord record) => onlyId is null || string.Equals(record.Id, onlyId, StringComparison.Ordinal);

    public string PathOf(StoredRecord record) => onlyId is null ? $"{path}/{record.Id}" : path;
}

using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Finds one object of a bucket, and says how it is shown to whom.</summary>
/// <param name="store">Where the objects lie.</param>
/// <param name="rule">Says who may do what.</param>
/// <param name="time">The clock.</param>
internal sealed class ObjectReader(IBucketStore store, AccessRule rule, TimeProvider time)
{
    /// <summary>The live record, a tombstone, or null.</summary>
    public async ValueTask<StoredRecord?> FindAsync(
        ObjectRef target, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        var head = heads[target.List];
        if (!head.Exists)
        {
            return null;
        }

        if (overlay.TryGet(head.Key, target.Id, out var record))
        {
            return record;
        }

        if (heads.Row == 0)
        {
            return null;
        }

        var key = new RecordKey(head.Key, target.Id);
        return (await store.ReadAsync(heads.Key, [key], Projection.Whole, cancellationToken)).GetValueOrDefault(key);
    }

    /// <summary>The instant by which a bucket judges what has expired; null where nothing does.</summary>
    public ServerTimestamp? AliveAt(BucketHeads heads) => heads.Rules.Expires ? ServerTimestamp.Max(ServerTimestamp.Now(time), heads.Clock) : null;

    /// <summary>An object as it is shown: what it says of rights is for those who may say it.</summary>
    /// <param name="record">The object.</param>
    /// <param name="list">Where it lies.</param>
    /// <param name="caller">Who looks, with their groups where these are known.</param>
    /// <param name="heads">The bucket.</param>
    /// <returns>With a list that is whole; without one where the caller alone may write it, which the caller knows.</returns>
    public StoredRecord Shown(StoredRecord record, ListRef list, Caller caller, BucketHeads heads)
    {
        if (caller.Access != BucketAccess.ByAcl || (record.Acl is null && AccessRule.IsOwner(caller, heads)))
        {
            return record.Acl is null ? record : record with { Acl = Whole(record, list, heads) };
        }

        return record with
        {
            Acl = rule.Decide(caller, AccessNeed.WriteObject, new ObjectRef(list, record.Id), heads, record) ? Whole(record, list, heads) : AccessList.Empty.ToBytes(),
        };
    }

    /// <summary>What an object says of rights, its bucket's author among it.</summary>
    public static ReadOnlyMemory<byte> Whole(StoredRecord record, ListRef list, BucketHeads heads)
    {
        var acl = AccessList.Read(record.Acl)?.OnlyPermissions();
        return (AccessRule.AuthorOf(heads) is { } author && (acl is null || list.Role == ListRole.Self)
            ? (acl ?? AccessList.Empty).With(Right.Write, [author, .. acl?[Right.Write] ?? []])
            : acl ?? AccessList.Empty).ToBytes();
    }

    /// <summary>
    /// What reads answer for a default bucket, or a collection in it, that nobody has written to yet: it is there and
    /// empty, with a stamp that does not move until it is written.
    /// </summary>
    public static StoredRecord? Implied(ObjectRef target, Caller caller, BucketHeads heads)
    {
        if (caller.Access != BucketAccess.Own)
        {
            return null;
        }

        return target.List.Role switch
        {
            ListRole.Self when !heads.Exists => Empty(target.Id, heads.Base, caller),
            ListRole.Collections when !heads[ListRef.RecordsOf(target.Id)].Exists =>
                Empty(target.Id, heads[ListRef.RecordsOf(target.Id)].RowsModified, caller),
            _ => null,
        };
    }

    private static StoredRecord Empty(string id, ServerTimestamp stamp, Caller caller) =>
        new() { Id = id, Modified = stamp, Body = RecordData.EmptyObject, Author = caller.Principals.User };

    /// <summary>What a list lies in and is not there, of somebody who may look; null where it is there, or implied.</summary>
    public static ParentMissing? MissingParent(ListRef list, Caller caller, BucketHeads heads) =>
        caller.Access == BucketAccess.Own || list.Role == ListRole.Self ? null
        : !heads.Exists ? new ParentMissing(ObjectRef.Bucket)
        : list.Role == ListRole.Records && !heads[list].Exists ? new ParentMissing(ObjectRef.Collection(list.Name))
        : null;
}

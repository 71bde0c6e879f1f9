using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Finds one object of a bucket, and decides how callers see it.</summary>
/// <param name="store">The store of the objects.</param>
/// <param name="rule">Decides who may do what.</param>
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

    /// <summary>The time by which a bucket judges expiry; null if nothing expires.</summary>
    public ServerTimestamp? AliveAt(BucketHeads heads) => heads.Rules.Expires ? ServerTimestamp.Max(ServerTimestamp.Now(time), heads.Clock) : null;

    /// <summary>The object as a caller sees it: only callers who may set its permissions see them.</summary>
    /// <param name="record">The object.</param>
    /// <param name="list">Its list.</param>
    /// <param name="caller">The reader, with their groups if these are known.</param>
    /// <param name="heads">The bucket.</param>
    /// <returns>The object with its complete permissions, or without permissions if only the caller may write it (which they know).</returns>
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

    /// <summary>An object's permissions, including its bucket's author.</summary>
    public static ReadOnlyMemory<byte> Whole(StoredRecord record, ListRef list, BucketHeads heads)
    {
        var acl = AccessList.Read(record.Acl)?.OnlyPermissions();
        return (AccessRule.AuthorOf(heads) is { } author && (acl is null || list.Role == ListRole.Self)
            ? (acl ?? AccessList.Empty).With(Right.Write, [author, .. acl?[Right.Write] ?? []])
            : acl ?? AccessList.Empty).ToBytes();
    }

    /// <summary>
    /// The answer to reads of a default bucket, or a collection in it, that nobody has written to yet. It exists and is
    /// empty, with a stamp that does not move until the first write.
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

    /// <summary>The missing parent of a list, for a caller who may read; null if the parent exists or is implied.</summary>
    public static ParentMissing? MissingParent(ListRef list, Caller caller, BucketHeads heads) =>
        caller.Access == BucketAccess.Own || list.Role == ListRole.Self ? null
        : !heads.Exists ? new ParentMissing(ObjectRef.Bucket)
        : list.Role == ListRole.Records && !heads[list].Exists ? new ParentMissing(ObjectRef.Collection(list.Name))
        : null;
}

using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>Everything one turn changes, to be stored in one transaction or not at all.</summary>
/// <param name="Heads">The bucket as it will be. Its <see cref="BucketHeads.Version"/> is the stored one plus one.</param>
/// <param name="Nonce">Names this commit: by it a store that lost the answer finds out whether it happened.</param>
/// <param name="Lists">Heads to insert or replace.</param>
/// <param name="RemovedLists">Mappings to forget.</param>
/// <param name="OrphanedKeys">Keys whose rows nobody reads any more; to be removed later.</param>
/// <param name="Records">Rows to insert or replace; each key at most once.</param>
public sealed record BucketCommit(
    BucketHeads Heads,
    Guid Nonce,
    IReadOnlyList<ListHead> Lists,
    IReadOnlyList<ListRef> RemovedLists,
    IReadOnlyList<int> OrphanedKeys,
    IReadOnlyList<KeyValuePair<int, StoredRecord>> Records)
{
    public BucketId Id => Heads.Id;

    /// <summary>Tombstones to remove for good; none of them is in <see cref="Records"/>.</summary>
    public IReadOnlyList<RecordKey> PurgedRecords { get; init; } = [];

    /// <summary>Rows to remove for good, whatever they are; none of them is in <see cref="Records"/>.</summary>
    public IReadOnlyList<RecordKey> RemovedRecords { get; init; } = [];

    /// <summary>Rows that the store copies as they are before the commit.</summary>
    public IReadOnlyList<RowCopy> Copies { get; init; } = [];

    /// <summary>Rows of the index of principals to insert or replace, with their stamps; to remove where there is none.</summary>
    public IReadOnlyList<KeyValuePair<GrantKey, ServerTimestamp?>> Grants { get; init; } = [];

    /// <summary>Indexes on fields to insert or replace, or to remove with their rows. Default: none.</summary>
    public IReadOnlyList<FieldIndexChange> Indexes { get; init; } = [];

    /// <summary>Rows of these to insert or replace, or to remove; each at most once.</summary>
    public IReadOnlyList<FieldKeyChange> FieldKeys { get; init; } = [];

    /// <summary>Those of <see cref="Lists"/> whose <see cref="ListHead.Acl"/> is another one than is stored. Default: all.</summary>
    public IReadOnlySet<ListRef>? ChangedAcls { get; init; }

    /// <summary>Whether what the list's object says of rights is to be stored.</summary>
    public bool StoresAclOf(ListRef list) => ChangedAcls?.Contains(list) ?? true;

    /// <summary>Numbers of the accounts in whose names it is written: none of them may be closed. None where the server itself writes.</summary>
    public IReadOnlyList<long> Accounts { get; init; } = [];

    /// <summary>When the store must have said what became of it. Not begun by then, it is not begun any more. Default: never comes.</summary>
    public Deadline Deadline { get; init; }

    /// <summary>The version that must be stored for the commit to happen; 0 when the bucket must not be there yet.</summary>
    public long ExpectedVersion => Heads.Version - 1;
}

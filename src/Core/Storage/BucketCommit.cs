using Lockstep.Core.Buckets;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Storage;

/// <summary>All changes of one turn, to be stored in one transaction or not at all.</summary>
/// <param name="Heads">The bucket after the commit. Its <see cref="BucketHeads.Version"/> is the stored one plus one.</param>
/// <param name="Nonce">Names this commit: a store that lost the answer uses it to find out whether the commit happened.</param>
/// <param name="Lists">Heads to insert or replace.</param>
/// <param name="RemovedLists">Lists to remove.</param>
/// <param name="OrphanedKeys">Keys whose rows are no longer read; the rows are removed later.</param>
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

    /// <summary>Rows of the index of principals to insert or replace, with their stamps; a row without a stamp is to be removed.</summary>
    public IReadOnlyList<KeyValuePair<GrantKey, ServerTimestamp?>> Grants { get; init; } = [];

    /// <summary>Indexes on fields to insert or replace, or to remove with their rows. Default: none.</summary>
    public IReadOnlyList<FieldIndexChange> Indexes { get; init; } = [];

    /// <summary>Index rows to insert, replace or remove; each at most once.</summary>
    public IReadOnlyList<FieldKeyChange> FieldKeys { get; init; } = [];

    /// <summary>Those of <see cref="Lists"/> whose <see cref="ListHead.Acl"/> differs from the stored one. Default: all.</summary>
    public IReadOnlySet<ListRef>? ChangedAcls { get; init; }

    /// <summary>Whether the permissions of the list's object are to be stored.</summary>
    public bool StoresAclOf(ListRef list) => ChangedAcls?.Contains(list) ?? true;

    /// <summary>Numbers of the accounts in whose names it is written; none of them may be closed. Empty if the server itself writes.</summary>
    public IReadOnlyList<long> Accounts { get; init; } = [];

    /// <summary>When the store must have reported the outcome. A commit that has not been started by then is not started any more. Default: never.</summary>
    public Deadline Deadline { get; init; }

    /// <summary>The version that must be stored for the commit to happen; 0 if the bucket must not exist yet.</summary>
    public long ExpectedVersion => Heads.Version - 1;
}

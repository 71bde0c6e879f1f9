using System.Collections.Immutable;
using Lockstep.Core.Buckets;
using Lockstep.Core.Quotas;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Storage.Contract;

/// <summary>The plainest store that keeps the contract: immutable states behind one lock.</summary>
public sealed class InMemoryBucketStore : IBucketStore, IBucketIndex, IStoreMaintenance
{
    private readonly Lock gate = new();
    private readonly Dictionary<BucketId, State> states = [];
    private readonly HashSet<long> closed = [];
    private long lastRow;

    /// <summary>As an account store does: no commit that names the account is done any more.</summary>
    public void Close(long number)
    {
        lock (gate)
        {
            closed.Add(number);
        }
    }

    public bool IsShared => false;

    public void OnTakenOver(Action<BucketId> listener)
    {
        // Nobody else is there to take anything over.
    }

    public bool IsCurrent(BucketHeads heads) => true;

    public ValueTask<BucketHeads?> LoadAsync(BucketId id, bool claim, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Find(id)?.Heads);

    public ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
        BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken)
    {
        var records = Find(bucket.Id)?.Records ?? ImmutableDictionary<RecordKey, StoredRecord>.Empty;
        return ValueTask.FromResult<IReadOnlyDictionary<RecordKey, StoredRecord>>(
            keys.Where(records.ContainsKey).ToDictionary(key => key, key => Of(records[key], projection)));
    }

    private static StoredRecord Of(StoredRecord record, Projection projection, bool readsAcl = true) => projection switch
    {
        Projection.Listed => record with { Author = null, Acl = readsAcl ? record.Acl : default(ReadOnlyMemory<byte>?) },
        Projection.Metadata => record with { Body = default, UnreadLength = record.Body.Length },
        Projection.Outline when record.AclLength > StoredRecord.ShortAcl => record with
        {
            Body = default,
            UnreadLength = record.Body.Length,
            Acl = default(ReadOnlyMemory<byte>?),
            UnreadAclLength = record.AclLength,
        },
        Projection.Outline => record with { Body = default, UnreadLength = record.Body.Length },
        _ => record,
    };

    public ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
    {
        var state = Find(scan.Bucket.Id);
        if (scan.Field is not null)
        {
            // It has none: whoever wants to go by one goes without.
            return ValueTask.FromResult(new RecordRows(state?.Heads.Version ?? 0, HeadOf(state, scan), [], More: false) { IsIndexed = false });
        }

        var order = scan.Order;
        var matching = Matching(state, scan)
            .Where(record => scan.Query.Cursor is not { } cursor
                || (record.Modified <= cursor.ListStamp && (order == ListOrder.Fields || RecordOrder.IsPast(order, record, cursor))))
            .ToList();
        if (order != ListOrder.Fields)
        {
            matching.Sort((a, b) => RecordOrder.Compare(order, a, b));
        }

        var taken = new List<StoredRecord>();
        long bytes = 0;
        foreach (var record in matching)
        {
            if (taken.Count == scan.Limit || (bytes >= scan.MaxBytes && taken.Count > 0))
            {
                break;
            }

            taken.Add(Of(record, scan.Query.Projection, scan.ReadsAcl));
            bytes += taken[^1].Size;
        }

        return ValueTask.FromResult(new RecordRows(state?.Heads.Version ?? 0, HeadOf(state, scan), taken, taken.Count < matching.Count));
    }

    public ValueTask<RecordCount> CountAsync(RecordScan scan, CancellationToken cancellationToken)
    {
        var state = Find(scan.Bucket.Id);
        if (scan.Field is not null)
        {
            return ValueTask.FromResult(new RecordCount(state?.Heads.Version ?? 0, HeadOf(state, scan), 0) { IsIndexed = false });
        }

        return ValueTask.FromResult(new RecordCount(state?.Heads.Version ?? 0, HeadOf(state, scan), Matching(state, scan).LongCount())
        {
            Bytes = scan.Query.ExpiredBy is null ? 0 : Matching(state, scan).Sum(record => (long)record.Length),
        });
    }

    private static ListHead? HeadOf(State? state, RecordScan scan) => state?.Heads.Lists.Values.FirstOrDefault(list => list.Key == scan.List);

    public ValueTask<CommitOutcome> CommitAsync(BucketCommit commit)
    {
        lock (gate)
        {
            if (commit.Accounts.Where(closed.Contains).ToArray() is { Length: > 0 } barred)
            {
                return ValueTask.FromResult(new CommitOutcome(CommitStatus.Closed, Closed: barred));
            }

            var state = states.GetValueOrDefault(commit.Id);
            if ((state?.Heads.Version ?? 0) != commit.ExpectedVersion || (state is not null && commit.Heads.Clock <= state.Heads.Clock))
            {
                return ValueTask.FromResult(CommitOutcome.Stale);
            }

            var row = state?.Heads.Row ?? ++lastRow;
            var lists = (state?.Heads.Lists ?? ImmutableDictionary<ListRef, ListHead>.Empty)
                .RemoveRange(commit.RemovedLists)
                .SetItems(commit.Lists.Select(head => KeyValuePair.Create(
                    head.List, commit.StoresAclOf(head.List) ? head : head with { Acl = state?.Heads[head.List] is { } known && known.Key == head.Key ? known.Acl : null })));
            states[commit.Id] = new State(
                commit.Heads with { Row = row, Lists = lists },
                commit.Nonce,
                (state?.Records ?? ImmutableDictionary<RecordKey, StoredRecord>.Empty)
                    .RemoveRange(commit.PurgedRecords.Where(key => state?.Records.GetValueOrDefault(key) is { IsTombstone: true }))
                    .RemoveRange(commit.RemovedRecords)
                    .SetItems(commit.Copies.Where(copy => state?.Records.GetValueOrDefault(copy.From) is { IsTombstone: false })
                        .Select(copy => KeyValuePair.Create(copy.To, new StoredRecord
                        {
                            Id = copy.To.Id,
                            Modified = copy.Modified,
                            Body = state!.Records[copy.From].Body,
                            Author = state.Records[copy.From].Author,
                        })))
                    .SetItems(commit.Records.Select(row => KeyValuePair.Create(new RecordKey(row.Key, row.Value.Id), row.Value))),
                (state?.Orphans ?? []).AddRange(commit.OrphanedKeys),
                (state?.Grants ?? ImmutableDictionary<GrantKey, ServerTimestamp>.Empty)
                    .RemoveRange(commit.Grants.Where(static grant => grant.Value is null).Select(static grant => grant.Key))
                    .SetItems(commit.Grants.Where(static grant => grant.Value is not null).Select(static grant => KeyValuePair.Create(grant.Key, grant.Value!.Value))));
            return ValueTask.FromResult(new CommitOutcome(CommitStatus.Done, row));
        }
    }

    public ValueTask<BucketRows> ListByAuthorAsync(BucketScan scan, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var past = ListOf(scan)
                .Where(entry => Matches(scan.Query, entry))
                .Where(entry => scan.Query.Cursor is not { } cursor || (entry.Modified <= cursor.ListStamp
                    && (scan.Query.Order == ListOrder.Fields || RecordOrder.IsPast(scan.Order, RowOf(entry), cursor))))
                .ToList();
            past.Sort(scan.Compare);
            return ValueTask.FromResult(new BucketRows(StampOf(scan), [.. past.Take(scan.Limit)], past.Count > scan.Limit));
        }
    }

    public ValueTask<BucketCount> CountByAuthorAsync(BucketScan scan, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return ValueTask.FromResult(new BucketCount(StampOf(scan), ListOf(scan).LongCount(entry => !entry.IsDeleted && Matches(scan.Query, entry))));
        }
    }

    public ValueTask<QuotaAmount> UsageByAuthorAsync(string author, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return ValueTask.FromResult(ByAuthor(author)
                .Where(static state => state.Heads is { Exists: true, Rules.HasQuotas: true })
                .SelectMany(static state => state.Heads.Lists.Values)
                .Aggregate(default(QuotaAmount), static (sum, head) => sum + new QuotaAmount(head.Bytes, head.List.Role == ListRole.Records ? head.Count : 0)));
        }
    }

    private IEnumerable<BucketEntry> ListOf(BucketScan scan) => ByAuthor(scan.Author)
        .Select(state => state.Heads.Exists
            ? new BucketEntry(state.Heads.Id, state.Heads[ListRef.Self].RowsModified, IsDeleted: false, state.Heads[ListRef.Self].Bytes)
            {
                AuthorNumber = state.Heads.AuthorNumber,
            }
            : new BucketEntry(state.Heads.Id, state.Heads.Base, IsDeleted: true, Bytes: 0))
        .Where(scan.IsOfList);

    private ServerTimestamp StampOf(BucketScan scan) => ListOf(scan).Select(entry => entry.Modified).DefaultIfEmpty().Max();

    private static bool Matches(ListQuery query, BucketEntry entry) => query.Matches(RowOf(entry));

    private static StoredRecord RowOf(BucketEntry entry) => new() { Id = entry.Id.Name, Modified = entry.Modified, IsTombstone = entry.IsDeleted };

    public ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadObjectsAsync(
        string author, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return ValueTask.FromResult<IReadOnlyDictionary<BucketId, StoredRecord>>(ByAuthor(author)
                .Where(state => state.Heads.Exists && ids.Contains(state.Heads.Id))
                .ToDictionary(
                    state => state.Heads.Id,
                    state => state.Records[new RecordKey(state.Heads[ListRef.Self].Key, ObjectRef.Bucket.Id)] with { Id = state.Heads.Id.Name }));
        }
    }

    public ValueTask<IReadOnlyList<TombstoneEntry>> ListTombstonesAsync(TombstoneEntry? after, int limit, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var seen = after is null ? (0L, 0) : (states[after.Bucket].Heads.Row, after.Key);
            return ValueTask.FromResult<IReadOnlyList<TombstoneEntry>>([.. states.Values
                .SelectMany(state => state.Records.Where(row => row.Value.IsTombstone).GroupBy(row => row.Key.List), (state, rows) => (State: state, Rows: rows))
                .Select(list => (Place: (list.State.Heads.Row, list.Rows.Key), list.State, list.Rows))
                .Where(list => list.Place.CompareTo(seen) > 0)
                .OrderBy(list => list.Place)
                .Take(limit)
                .Select(list => new TombstoneEntry(
                    list.State.Heads.Id,
                    list.Rows.Key,
                    list.State.Heads.Lists.Values.FirstOrDefault(head => head.Key == list.Rows.Key)?.List,
                    list.Rows.Min(row => row.Value.Modified)))]);
        }
    }

    public ValueTask<IReadOnlyList<ExpiryEntry>> ListExpiringAsync(ServerTimestamp after, ServerTimestamp by, int limit, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return ValueTask.FromResult<IReadOnlyList<ExpiryEntry>>([.. states.Values
                .SelectMany(state => state.Heads.Lists.Values, (state, head) => (state.Heads.Id, head.List, head.NextExpiry))
                .Where(list => list.NextExpiry > after && list.NextExpiry <= by)
                .Select(list => new ExpiryEntry(list.Id, list.List, list.NextExpiry!.Value))
                .OrderBy(entry => entry.Next)
                .Take(limit)]);
        }
    }

    public ValueTask<IReadOnlyDictionary<BucketId, StoredRecord>> ReadNamedAsync(
        IReadOnlyCollection<string> principals, IReadOnlyCollection<BucketId> ids, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return ValueTask.FromResult<IReadOnlyDictionary<BucketId, StoredRecord>>(states.Values
                .Where(state => state.Heads.Exists && ids.Contains(state.Heads.Id)
                    && state.Grants.Keys.Any(key => key.Relation == GrantRelation.NamedByBucket && key.List == state.Heads[ListRef.Self].Key && principals.Contains(key.Principal)))
                .ToDictionary(
                    state => state.Heads.Id,
                    state => state.Records[new RecordKey(state.Heads[ListRef.Self].Key, ObjectRef.Bucket.Id)] with { Id = state.Heads.Id.Name, Acl = default(ReadOnlyMemory<byte>?) }));
        }
    }

    public ValueTask<IReadOnlyList<T>> ListNamedAsync<T>(
        NamedScan scan, Func<NamedObject, T?> select, CancellationToken cancellationToken)
        where T : class
    {
        lock (gate)
        {
            var (found, bytes) = (new List<T>(), 0L);
            foreach (var (state, key) in states.Values.Where(static state => state.Heads.Exists).SelectMany(static state => state.Grants.Keys, static (state, key) => (state, key)))
            {
                if (found.Count < scan.Limit && bytes < scan.MaxBytes
                    && (key.Relation == scan.Relation || (scan.Relation == GrantRelation.Named && key.Relation == GrantRelation.NamedWidely)) && scan.Principals.Contains(key.Principal)
                    && state.Records.GetValueOrDefault(new RecordKey(key.List, key.Id)) is { IsTombstone: false } record
                    && state.Heads.Lists.Values.FirstOrDefault(head => head.Key == key.List) is { } list)
                {
                    var acl = scan.Doubtful?.Contains(key.Principal) == false ? default(ReadOnlyMemory<byte>?) : record.Acl;
                    bytes += acl?.Length ?? 0;
                    if (select(new NamedObject(state.Heads.Id, new ObjectRef(list.List, key.Id), record.Modified, acl) { Bytes = record.Size, Principal = key.Principal }) is { } selected)
                    {
                        found.Add(selected);
                    }
                }
            }

            return ValueTask.FromResult<IReadOnlyList<T>>(found);
        }
    }

    public ValueTask<IReadOnlyList<Grant>> ListMembershipsAsync(IReadOnlyCollection<string> principals, int limit, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return ValueTask.FromResult<IReadOnlyList<Grant>>([.. states.Values.Where(static state => state.Heads.Exists)
                .SelectMany(static state => state.Grants, static (state, grant) => (State: state, Grant: new Grant(state.Heads.Id, grant.Key, grant.Value)))
                .Where(row => row.Grant.Key.Relation == GrantRelation.Member && principals.Contains(row.Grant.Key.Principal) && row.Grant.Key.List == row.State.Heads[ListRef.Groups].Key)
                .Select(static row => row.Grant)
                .Take(limit)]);
        }
    }

    public ValueTask<IReadOnlyList<BucketId>> ListExistingAsync(BucketId? after, int limit, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return ValueTask.FromResult<IReadOnlyList<BucketId>>([.. states.Values
                .Where(state => state.Heads.Exists && string.CompareOrdinal(state.Heads.Id.Value, after?.Value ?? "") > 0)
                .Select(state => state.Heads.Id)
                .OrderBy(id => id.Value, StringComparer.Ordinal)
                .Take(limit)]);
        }
    }

    public ValueTask<bool> PurgeAsync(int limit, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            foreach (var (id, state) in states.Where(state => !state.Value.Orphans.IsEmpty))
            {
                var list = state.Orphans[0];
                var keys = state.Records.Keys.Where(key => key.List == list).Take(limit).ToList();
                states[id] = state with
                {
                    Records = state.Records.RemoveRange(keys),
                    Orphans = keys.Count < limit && Gone(state, list).Take(limit).Count() < limit ? state.Orphans.RemoveAt(0) : state.Orphans,
                    Grants = keys.Count < limit ? state.Grants.RemoveRange(Gone(state, list).Take(limit).ToList()) : state.Grants,
                };
                return ValueTask.FromResult(true);
            }

            return ValueTask.FromResult(false);
        }
    }

    private static IEnumerable<GrantKey> Gone(State state, int list) => state.Grants
        .Where(grant => grant.Key.List == list && (list != 0 || (grant.Key.Principal is not "system.Everyone" && grant.Value <= state.Heads.Base))).Select(static grant => grant.Key);

    public ValueTask<bool> IsHealthyAsync(CancellationToken cancellationToken) => ValueTask.FromResult(true);

    private static IEnumerable<StoredRecord> Matching(State? state, RecordScan scan) =>
        state?.Records.Where(row => row.Key.List == scan.List && scan.Query.Matches(row.Value)).Select(row => row.Value)
            .Where(row => scan.Principals is null
                || scan.Principals.Any(principal => state.Grants.ContainsKey(new GrantKey(scan.List, GrantRelation.NamedWidely, principal, row.Id))
                    || (state.Grants.TryGetValue(new GrantKey(scan.List, GrantRelation.Named, principal, row.Id), out var stamp) && IsInRange(scan, stamp)))) ?? [];

    // What the index says of an object's stamp counts: one that is not in step is noticed.
    private static bool IsInRange(RecordScan scan, ServerTimestamp stamp) =>
        !(scan.Query.LowerBound is { } lower && stamp <= lower) && !(scan.Query.Before is { } before && stamp >= before) && !(scan.Query.Cursor is { } cursor && stamp > cursor.ListStamp);

    public ValueTask<IReadOnlyList<Grant>> ReadGrantsAsync(GrantScan scan, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return ValueTask.FromResult<IReadOnlyList<Grant>>([.. states.Values
                .Where(state => scan.Buckets.Contains(state.Heads.Id))
                .SelectMany(state => state.Grants, (state, grant) => (State: state, Grant: new Grant(state.Heads.Id, grant.Key, grant.Value)))
                .Where(row => row.Grant.Key.Relation == scan.Relation && scan.Principals.Contains(row.Grant.Key.Principal)
                    && (scan.Groups is null || scan.Groups.Contains(new GroupName(row.Grant.Bucket, row.Grant.Key.Id)))
                    && (scan.List is null || row.Grant.Key.List == 0 || row.Grant.Key.List == scan.List)
                    && (scan.Relation != GrantRelation.Member || row.Grant.Key.List == row.State.Heads[ListRef.Groups].Key))
                .Select(row => row.Grant)
                .Take(scan.Limit)]);
        }
    }

    private IEnumerable<State> ByAuthor(string author) =>
        states.Values.Where(state => string.Equals(state.Heads.Author, author, StringComparison.Ordinal));

    private State? Find(BucketId id)
    {
        lock (gate)
        {
            return states.GetValueOrDefault(id);
        }
    }

    private sealed record State(
        BucketHeads Heads, Guid Nonce, ImmutableDictionary<RecordKey, StoredRecord> Records, ImmutableList<int> Orphans, ImmutableDictionary<GrantKey, ServerTimestamp> Grants);
}

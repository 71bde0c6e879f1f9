using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// Chooses the reader for each reading operation. It serves reads outside the queue (without uncommitted rows) and reads inside a turn.
/// </summary>
internal sealed class OperationReader
{
    private readonly WholeReads whole;
    private readonly PageViews views;

    public OperationReader(IBucketStore store, ListReader lists, FilteredReader filtered, AsOfReader asOf, AccessRule rule, Memberships memberships, TimeProvider time)
    {
        (Rule, Memberships, Objects) = (rule, memberships, new ObjectReader(store, rule, time));
        whole = new WholeReads(Objects, store, lists, filtered, asOf, time);
        views = new PageViews(rule);
        Granted = new GrantedReads(whole, views, Objects, store, lists, filtered, rule, memberships, time);
    }

    /// <summary>Decides who may do what.</summary>
    public AccessRule Rule { get; }

    /// <summary>Finds the groups that callers are in.</summary>
    public Memberships Memberships { get; }

    /// <summary>Reads one object at a time.</summary>
    public ObjectReader Objects { get; }

    /// <summary>Reads for callers in a bucket that is not theirs.</summary>
    public GrantedReads Granted { get; }

    /// <summary>Whether a request can be executed without asking other buckets for groups of its caller.</summary>
    public bool Knows(BucketRequest request, BucketHeads heads) =>
        !NeedsGroups(request, heads) || Memberships.Knows(request.Caller, heads);

    /// <summary>Whether the caller's groups may matter: bucket and collections alone do not let them do everything.</summary>
    public bool NeedsGroups(BucketRequest request, BucketHeads heads) =>
        request.Caller.Access == BucketAccess.ByAcl && !AccessRule.IsOwner(request.Caller, heads)
        && !request.Operations.All(operation => ListOf(operation) is { } list && Rule.DecidesWithoutGroups(request.Caller, list, heads));

    private static ListRef? ListOf(Operation operation) => operation switch
    {
        PutRecord put => put.Target.List,
        CreateRecord create => create.Target.List,
        PatchRecord patch => patch.Target.List,
        AttachFile attach => attach.Target.List,
        DeleteRecord delete => delete.Target.List,
        DeleteRecords deletes => deletes.List,
        ReadRecord read => read.Target.List,
        ListRecords list => list.List,
        CountRecords count => count.List,
        ReadAsOf read => read.List,
        ReadFieldIndexes indexes => indexes.List,
        _ => null,
    };

    /// <summary>Whether the caller's groups in other buckets could not be found out. Such a caller is not told that they lack a right.</summary>
    public static bool IsUnknown(Caller caller) => caller.Principals.Foreign is { IsKnown: false };

    /// <returns>The outcome, and the version of the newest snapshot that it rests on.</returns>
    public ValueTask<(Outcome Outcome, long Version)> ReadAsync(
        Operation operation, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken)
    {
        if (!AccessRule.IsOwner(caller, heads))
        {
            return caller.Access == BucketAccess.ByAcl && heads.Rules.IsShareable
                ? Granted.ReadAsync(operation, caller, heads, overlay, cancellationToken)
                : new((Forbidden.Instance, heads.Version));
        }

        return operation switch
        {
            ReadRecord read => whole.ReadRecordAsync(read, caller, heads, overlay, cancellationToken),
            ListRecords list => ListAsync(list, caller, heads, overlay, cancellationToken),
            CountRecords count => whole.CountAsync(count, caller, heads, heads[count.List], overlay, cancellationToken),
            ReadFieldIndexes indexes => new((WholeReads.Indexes(indexes.List, caller, heads), heads.Version)),
            ReadLists read => whole.ReadListsAsync(read, heads, overlay, cancellationToken),
            ReadAsOf read => whole.ReadAsOfAsync(read, caller, heads, overlay, cancellationToken),
            _ => throw new InvalidOperationException($"{operation.GetType().Name} is no read."),
        };
    }

    private async ValueTask<(Outcome Outcome, long Version)> ListAsync(ListRecords list, Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken) =>
        views.With(await whole.ListOwnAsync(list, caller, heads, overlay, cancellationToken), list, caller, heads);
}

using System.Collections.Concurrent;
using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Finds the groups of a caller that count in a bucket: the bucket's own, and those of other buckets that it names. Invariants:
/// <list type="number">
/// <item>A caller is in those of the bucket's own groups that have them as a member in the heads' version or a newer one. A cached result is valid
/// for one stamp of the list of groups.</item>
/// <item>For groups of other buckets, only membership is cached, never its absence, and no longer than
/// <see cref="AccessOptions.MembershipTime"/>.</item>
/// <item>Other buckets are asked only outside an owner's turns, so a bucket that does not answer holds up nobody but its caller.</item>
/// <item>A caller costs one read for the bucket's own groups, and two for all other buckets, however many are named. All who need the same read of the
/// bucket's own groups at the same time share it.</item>
/// </list>
/// </summary>
internal sealed class Memberships(IBucketStore store, AccessRule rule, TimeProvider time)
{
    private const int MaxRemembered = 2_000;

    // Of the bucket's own groups. Beyond that, groups still count that the bucket, its collections or the object in question name.
    private const int MaxGroups = 1_000;

    // A caller in more groups of other buckets is looked up each time, to keep the cache small.
    private const int MaxRememberedGroups = 100;

    // Of the buckets' own groups, for all callers together.
    private const int MaxAllRememberedGroups = 200_000;

    // For all callers of one turn together.
    private const int MaxPreloaded = 10_000;

    private readonly ConcurrentDictionary<(BucketId Bucket, string Who), OwnGroups> own = new();
    private readonly ConcurrentDictionary<(BucketId Bucket, string Who), OwnReading> readings = new();
    private readonly ConcurrentDictionary<(BucketId Bucket, string Who), ForeignGroups> foreign = new();
    private readonly Lock remembering = new();

    // Groups in all of those in own.
    private int remembered;

    /// <param name="caller">The caller. Inside a turn, with <see cref="PrincipalSet.Foreign"/>; then no other bucket is asked.</param>
    /// <param name="heads">The bucket.</param>
    /// <param name="overlay">The turn's changes; empty outside of turns.</param>
    /// <param name="cancellationToken">Stops the look-up.</param>
    /// <param name="target">The object in question, if there is one.</param>
    public async ValueTask<Standing> ResolveAsync(Caller caller, BucketHeads heads, Overlay overlay, CancellationToken cancellationToken, StoredRecord? target = null)
    {
        if (caller.Access != BucketAccess.ByAcl || caller.Principals.Groups is not null || caller.Principals.Stored is not { } who)
        {
            return new Standing(caller, caller.Principals.Foreign?.Changes ?? []);
        }

        var groups = new Dictionary<string, ServerTimestamp>(StringComparer.Ordinal);
        await AddOwnAsync(groups, who, heads, overlay, target, cancellationToken);
        var others = caller.Principals.Foreign ?? await AskAsync(who, heads, cancellationToken);
        var named = NamedOthers(heads);
        foreach (var (group, since) in others.Groups.Where(group => named.Contains(group.Key)))
        {
            groups[group] = since;
        }

        return new Standing(caller with { Principals = caller.Principals with { Groups = groups, Foreign = others } }, others.Changes);
    }

    /// <summary>Whether all groups of other buckets that count were looked up.</summary>
    public bool Knows(Caller caller, BucketHeads heads) =>
        caller.Access != BucketAccess.ByAcl || caller.Principals.Stored is null || caller.Principals.Foreign is { IsKnown: false }
        || (NamedOthers(heads) is var named && (named.Count == 0 || (caller.Principals.Foreign is { } known && named.IsSubsetOf(known.Asked))));

    /// <summary>The caller with their groups in other buckets. Not for turns.</summary>
    /// <exception cref="StoreUnavailableException">Another bucket cannot be asked.</exception>
    public async ValueTask<Caller> WithForeignAsync(Caller caller, BucketHeads heads, CancellationToken cancellationToken) =>
        caller.Access != BucketAccess.ByAcl || caller.Principals.Stored is not { } who
            ? caller
            : caller with { Principals = caller.Principals with { Foreign = await AskAsync(who, heads, cancellationToken) } };

    /// <summary>Looks up the bucket's own groups of several callers at once, where that is cheaper than one at a time.</summary>
    public async ValueTask PreloadAsync(IEnumerable<Caller> callers, BucketHeads heads, CancellationToken cancellationToken)
    {
        var list = heads[ListRef.Groups];
        if (!list.Exists || heads.Row == 0)
        {
            return;
        }

        var unknown = callers.Select(static caller => caller.Principals.Stored).OfType<string>().Where(who => Remembered(heads.Id, who, list) is null).ToHashSet(StringComparer.Ordinal);
        if (unknown.Count < 2)
        {
            return;
        }

        var grants = await store.ReadGrantsAsync(new GrantScan([heads.Id], GrantRelation.Member, [PrincipalText.Authenticated, .. unknown], MaxPreloaded), cancellationToken);
        if (grants.Count == MaxPreloaded)
        {
            return;
        }

        var found = grants.Where(grant => grant.Key.List == list.Key).ToLookup(static grant => grant.Key.Principal, GroupOf, StringComparer.Ordinal);
        foreach (var who in unknown)
        {
            KeyValuePair<string, ServerTimestamp>[] groups = [.. found[PrincipalText.Authenticated].Concat(found[who]).DistinctBy(static group => group.Key, StringComparer.Ordinal)];
            if (groups.Length < MaxGroups)
            {
                Remember((heads.Id, who), new OwnGroups(list.Key, list.RowsModified, groups, IsCut: false));
            }
        }
    }

    private async ValueTask AddOwnAsync(
        Dictionary<string, ServerTimestamp> groups, string who, BucketHeads heads, Overlay overlay, StoredRecord? target, CancellationToken cancellationToken)
    {
        var list = heads[ListRef.Groups];
        if (!list.Exists)
        {
            return;
        }

        // :: Step 1: the store's rows.
        string[] principals = [PrincipalText.Authenticated, who];
        var stored = overlay.Start is { } start ? start[ListRef.Groups] : list;
        if (heads.Row != 0 && stored.Key == list.Key)
        {
            var known = Remembered(heads.Id, who, stored) ?? await ReadOwnAsync(who, principals, heads, stored, cancellationToken);
            foreach (var (group, since) in known.IsCut ? known.Groups.Concat(await ReadNamedAsync(principals, heads, stored, target, cancellationToken)) : known.Groups)
            {
                groups[group] = since;
            }
        }

        // :: Step 2: the turn's changes.
        foreach (var (key, since) in principals.SelectMany(principal => overlay.Grants.Of(GrantRelation.Member, principal)).Where(grant => grant.Key.List == list.Key))
        {
            var group = PrincipalText.GroupOf(heads.Id.Name, key.Id);
            if (since is { } stamp)
            {
                groups[group] = stamp;
            }
            else
            {
                groups.Remove(group);
            }
        }
    }

    /// <summary>Reads a caller's groups in the bucket, or waits for somebody else who reads the same.</summary>
    private async ValueTask<OwnGroups> ReadOwnAsync(string who, string[] principals, BucketHeads heads, ListHead list, CancellationToken cancellationToken)
    {
        var key = (heads.Id, who);
        var mine = new OwnReading(list.Key, list.RowsModified);
        if (readings.GetOrAdd(key, mine) is var going && going != mine && going.List == list.Key && going.Stamp == list.RowsModified
            && await going.Ended.Task.WaitAsync(cancellationToken) is { } shared)
        {
            return shared;
        }

        OwnGroups? read = null;
        try
        {
            var grants = await store.ReadGrantsAsync(new GrantScan([heads.Id], GrantRelation.Member, principals, MaxGroups), cancellationToken);
            read = new OwnGroups(list.Key, list.RowsModified, Distinct(grants, list), IsCut: grants.Count >= MaxGroups);
            Remember(key, read);
            return read;
        }
        finally
        {
            // Without a result where it failed or was given up: those who waited for it read for themselves.
            mine.Ended.SetResult(read);
            readings.TryRemove(KeyValuePair.Create(key, mine));
        }
    }

    /// <summary>The groups of the bucket that it, its collections or the object name, of a caller in very many groups.</summary>
    private async ValueTask<KeyValuePair<string, ServerTimestamp>[]> ReadNamedAsync(
        string[] principals, BucketHeads heads, ListHead list, StoredRecord? target, CancellationToken cancellationToken)
    {
        var named = heads.Lists.Values.Select(static head => head.Acl).Append(AccessList.Read(target?.Acl)).OfType<AccessList>().SelectMany(static acl => acl.Indexed())
            .Where(PrincipalText.IsGroup).Distinct(StringComparer.Ordinal).Select(NameOf).OfType<GroupName>().Where(group => group.Bucket == heads.Id).ToList();
        return Distinct(await store.ReadGrantsAsync(new GrantScan([heads.Id], GrantRelation.Member, principals, int.MaxValue) { Groups = named }, cancellationToken), list);
    }

    private static KeyValuePair<string, ServerTimestamp>[] Distinct(IReadOnlyList<Grant> grants, ListHead list) =>
        [.. grants.Where(grant => grant.Key.List == list.Key).Select(GroupOf).DistinctBy(static group => group.Key, StringComparer.Ordinal)];

    private OwnGroups? Remembered(BucketId bucket, string who, ListHead list) =>
        own.TryGetValue((bucket, who), out var known) && known.List == list.Key && known.Stamp == list.RowsModified ? known : null;

    private void Remember((BucketId Bucket, string Who) key, OwnGroups groups)
    {
        lock (remembering)
        {
            if (own.Count >= MaxRemembered || remembered >= MaxAllRememberedGroups)
            {
                own.Clear();
                remembered = 0;
            }

            remembered += groups.Groups.Length - (own.TryGetValue(key, out var former) ? former.Groups.Length : 0);
            own[key] = groups;
        }
    }

    private async ValueTask<ForeignGroups> AskAsync(string who, BucketHeads heads, CancellationToken cancellationToken)
    {
        var named = NamedOthers(heads);
        if (named.Count == 0)
        {
            return ForeignGroups.None;
        }

        var now = time.GetTimestamp();
        if (foreign.TryGetValue((heads.Id, who), out var known) && time.GetElapsedTime(known.At, now) < rule.Options.MembershipTime && named.IsSubsetOf(known.Asked))
        {
            return known;
        }

        GroupName[] groups = [.. named.Select(NameOf).OfType<GroupName>()];
        var buckets = groups.Select(static group => group.Bucket).ToHashSet();
        string[] principals = [PrincipalText.Authenticated, who];
        var members = store.ReadGrantsAsync(new GrantScan(buckets, GrantRelation.Member, principals, int.MaxValue) { Groups = groups }, cancellationToken).AsTask();
        var changes = store.ReadGrantsAsync(new GrantScan(buckets, GrantRelation.Changed, [PrincipalText.Everyone, .. principals], int.MaxValue) { List = 0 }, cancellationToken).AsTask();
        await Task.WhenAll(members, changes);
        var found = new ForeignGroups(
            now, named, [.. (await members).Select(GroupOf).DistinctBy(static group => group.Key, StringComparer.Ordinal)], [.. (await changes).Select(static change => change.Stamp).Distinct()]);
        if (found.Groups.Count is > 0 and <= MaxRememberedGroups)
        {
            if (foreign.Count >= MaxRemembered)
            {
                foreign.Clear();
            }

            foreign[(heads.Id, who)] = found;
        }

        return found;
    }

    /// <summary>Groups of other buckets that count in this one, as clients write them.</summary>
    private HashSet<string> NamedOthers(BucketHeads heads) =>
        (heads.Acl?.ForeignGroups ?? []).Concat(rule.GroupsOfSettings).Where(group => NameOf(group) is { } name && name.Bucket != heads.Id).ToHashSet(StringComparer.Ordinal);

    private static GroupName? NameOf(string group) =>
        PrincipalText.TryReadGroup(group, out var bucket, out var id) ? new GroupName(BucketId.Named(bucket), id) : null;

    private static KeyValuePair<string, ServerTimestamp> GroupOf(Grant grant) => KeyValuePair.Create(PrincipalText.GroupOf(grant.Bucket.Name, grant.Key.Id), grant.Stamp);

    /// <param name="List">Key of the list of groups.</param>
    /// <param name="Stamp">That of the list.</param>
    /// <param name="Groups">The groups, and since when the caller is in each.</param>
    /// <param name="IsCut">Whether there may be more.</param>
    private sealed record OwnGroups(int List, ServerTimestamp Stamp, KeyValuePair<string, ServerTimestamp>[] Groups, bool IsCut);

    private sealed class OwnReading(int list, ServerTimestamp stamp)
    {
        public int List => list;

        public ServerTimestamp Stamp => stamp;

        /// <summary>With what was read; null if nothing was.</summary>
        public TaskCompletionSource<OwnGroups?> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

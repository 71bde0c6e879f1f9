using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>
/// Keeps the heads and the index of principals in step with the permissions of objects. Invariants:
/// <list type="number">
/// <item>The index has each principal that an object names and each member of a group, and no others. A row has the object's stamp if its kind says so.</item>
/// <item>A reader whose view of a list changes in a way that no row's stamp shows starts over, with a stamp that no row gets.</item>
/// </list>
/// </summary>
/// <param name="draft">The turn's changes.</param>
/// <param name="rule">Says how far clocks may be apart.</param>
internal sealed class DraftAccess(BucketDraft draft, AccessRule rule)
{
    // With more, one row says that it may be anybody. At least the members of a group of the default maximal size, plus the same number of
    // new ones: a row is written for each of these anyway.
    private const int MaxChangedPrincipals = 10_000;

    private static readonly IReadOnlySet<string> NoPrincipals = new HashSet<string>(StringComparer.Ordinal);

    private BucketHeads Heads => draft.Heads;

    /// <summary>Keeps heads and index in step with an object's permissions, and records whose standing changed.</summary>
    public void SetAccess(ObjectRef target, AccessList? before, AccessList? after, bool wasLive, ServerTimestamp stamp)
    {
        // :: Step 1: heads.
        var of = target.List.Role switch
        {
            ListRole.Self => ListRef.Self,
            ListRole.Collections => ListRef.RecordsOf(target.Id),
            _ => default(ListRef?),
        };
        if (of is { } list && Heads[list] is { Exists: true } head && !Equals(head.Acl, after))
        {
            draft.SetList(head with { Acl = after });
        }

        // :: Step 2: the index.
        var key = Heads[target.List].Key;
        Name(target, before, after, stamp);
        var (left, joined) = (Members(wasLive ? before : null), Members(after));
        var (former, since) = (before?.Since, after?.Since ?? ServerTimestamp.Zero);
        Index(key, GrantRelation.Member, target.Id, left, joined, since, writesAll: former != since);

        // :: Step 3: who starts over. Access gained to one row shows by the row's stamp, and so does a new row.
        var (lost, gained) = (before?.Readers() ?? NoPrincipals, after?.Readers() ?? NoPrincipals);
        if (target.List.Role is ListRole.Self or ListRole.Collections)
        {
            Change(0, before is null && !wasLive ? [] : Differences(lost, gained), stamp);
        }
        else
        {
            Change(key, [.. lost.Where(principal => !gained.Contains(principal))], stamp);
            Change(0, Differences(left, joined), stamp, ForeignHorizon.IdOf(stamp, rule.Options));
        }
    }

    /// <summary>Keeps the index in step with the principals that an object names, and with its stamp.</summary>
    public void Name(ObjectRef target, AccessList? before, AccessList? after, ServerTimestamp stamp)
    {
        var key = Heads[target.List].Key;
        var (former, now) = (before?.Indexed() ?? NoPrincipals, after is null ? NoPrincipals : ReferenceEquals(before, after) ? before!.Indexed() : after.Indexed());
        var (from, to) = (GrantIndex.RelationOf(target.List.Role, former.Count), GrantIndex.RelationOf(target.List.Role, now.Count));
        if (from != to)
        {
            Index(key, from, target.Id, former, NoPrincipals, ServerTimestamp.Zero, writesAll: false);
            former = NoPrincipals;
        }

        Index(key, to, target.Id, former, now, to == GrantRelation.Named ? stamp : ServerTimestamp.Zero, writesAll: to == GrantRelation.Named);
    }

    /// <summary>Removes a purged row from the index.</summary>
    public void Unname(ObjectRef target, StoredRecord row)
    {
        var named = AccessList.Read(row.Acl)?.Indexed() ?? NoPrincipals;
        foreach (var principal in named)
        {
            draft.Overlay.Grants.TryAdd(new GrantKey(Heads[target.List].Key, GrantIndex.RelationOf(target.List.Role, named.Count), principal, target.Id), null);
        }
    }

    /// <summary>Removes deleted groups from an object's permissions, since they admit nobody any more. The object's stamp stays, because nothing else changes.</summary>
    /// <param name="target">The object.</param>
    /// <param name="live">Its row, with its body.</param>
    /// <param name="groups">The groups, as clients write them.</param>
    public void Forget(ObjectRef target, StoredRecord live, IReadOnlySet<string> groups)
    {
        if (AccessList.Read(live.Acl) is not { } before)
        {
            return;
        }

        var after = before.Without(groups);
        draft.Overlay.Set(Heads[target.List].Key, live with { Acl = after.ToBytes() });
        Name(target, before, after, live.Modified);
        var of = target.List.Role == ListRole.Self ? ListRef.Self : ListRef.RecordsOf(target.Id);
        if (target.List.Role is ListRole.Self or ListRole.Collections && Heads[of] is { Exists: true, Acl: { } said } head)
        {
            draft.SetList(head with { Acl = said.Without(groups) });
        }
    }

    /// <summary>The number of index rows that removing an object of this kind writes.</summary>
    /// <param name="role">Its kind.</param>
    /// <param name="row">The object.</param>
    public static int IndexedBy(ListRole role, StoredRecord row)
    {
        if (AccessList.Read(row.Acl) is not { } acl)
        {
            return 0;
        }

        // A purge removes all rows. A deletion leaves those without a stamp, and notifies all members.
        var named = acl.Indexed().Count;
        return row.IsTombstone ? named : (GrantIndex.RelationOf(role, named) == GrantRelation.Named ? named : 0) + (2 * (acl.Members?.Count ?? 0));
    }

    private void Index(int list, GrantRelation relation, string id, IReadOnlySet<string> before, IReadOnlySet<string> after, ServerTimestamp stamp, bool writesAll)
    {
        foreach (var gone in before.Where(principal => !after.Contains(principal)))
        {
            draft.Overlay.Grants[new GrantKey(list, relation, gone, id)] = null;
        }

        foreach (var there in after)
        {
            var key = new GrantKey(list, relation, there, id);
            if (writesAll || !before.Contains(there))
            {
                draft.Overlay.Grants[key] = stamp;
            }
        }
    }

    /// <summary>Makes readers of lists who have one of these principals start over.</summary>
    /// <param name="list">The list; 0 for all.</param>
    /// <param name="principals">The principals.</param>
    /// <param name="stamp">The stamp of the change.</param>
    /// <param name="id">See <see cref="ForeignHorizon.IdOf"/>; empty if the change concerns only this bucket.</param>
    public void Change(int list, IReadOnlyList<string> principals, ServerTimestamp stamp, string id = "")
    {
        if (principals.Count == 0)
        {
            return;
        }

        foreach (var principal in principals.Count > MaxChangedPrincipals ? [PrincipalText.Everyone] : principals)
        {
            draft.Overlay.Grants[new GrantKey(list, GrantRelation.Changed, principal, id)] = stamp;
        }

        // The first change is recorded in the bucket's permissions, later ones in its list's stamp. So the permissions, which can
        // be long, are not written each time.
        var self = Heads[ListRef.Self];
        self = self.Acl is { } said && said.Horizon > ServerTimestamp.Zero ? self : self with { Acl = (self.Acl ?? AccessList.Empty).WithHorizon(stamp) };
        draft.SetList(self with { Touched = ServerTimestamp.Max(self.Touched, stamp) });

        // A reader who has started over has the next stamp, which no row gets.
        draft.Pass(stamp.Plus(1));
    }

    private static IReadOnlyList<string> Differences(IReadOnlySet<string> a, IReadOnlySet<string> b) =>
        [.. a.Where(principal => !b.Contains(principal)), .. b.Where(principal => !a.Contains(principal))];

    private static IReadOnlySet<string> Members(AccessList? group) => group?.Members is { } members ? members.ToHashSet(StringComparer.Ordinal) : NoPrincipals;
}

using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Owner;

/// <summary>Adds to a page, on request, who else would get the same page and what it depends on.</summary>
/// <param name="rule">Decides who may do what.</param>
internal sealed class PageViews(AccessRule rule)
{
    /// <param name="read">The page, or any other outcome.</param>
    /// <param name="list">The request.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="heads">The bucket.</param>
    /// <param name="settledTo">See <see cref="PageFound"/>.</param>
    public (Outcome Outcome, long Version) With(
        (Outcome Outcome, long Version) read, ListRecords list, Caller caller, BucketHeads heads, ServerTimestamp? settledTo = null)
    {
        if (list.AlsoFor is not { } others || read.Outcome is not PageFound page)
        {
            return read;
        }

        var same = new List<int>();
        var isOfAll = others.Count > 0 && SeesAll(caller, list, heads);
        for (var i = 0; isOfAll && i < others.Count; i++)
        {
            if (SeesAll(CallerOf(others[i]), list, heads))
            {
                same.Add(i);
            }
        }

        return (page with { SameFor = same, IsSettled = !rule.CountsOthers(heads) || (others.Count == 0 && AccessRule.IsOwner(caller, heads)), SettledTo = settledTo }, read.Version);
    }

    private static Caller CallerOf(OtherReader other) =>
        new(new PrincipalSet(other.User) { Account = new AccountRef(other.Account, other.Since) }, other.IsOwn ? BucketAccess.Own : BucketAccess.ByAcl);

    /// <summary>Whether bucket and collection alone let a caller read the whole list, and the caller has seen the last change of anybody's permissions. They then get what its author gets.</summary>
    private bool SeesAll(Caller caller, ListRecords list, BucketHeads heads) =>
        AccessRule.IsOwner(caller, heads)
        || (rule.Decide(caller, AccessNeed.ReadList, new ObjectRef(list.List, ""), heads, record: null)
            && (heads.Acl is not { } acl || acl.Horizon == ServerTimestamp.Zero || list.Query.Since > ServerTimestamp.Max(acl.Horizon, heads[ListRef.Self].Touched).Plus(1)));
}

using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.Upkeep.Check;

/// <summary>A row of the index of principals, in its list.</summary>
/// <param name="Relation">The reason why the principal is there.</param>
/// <param name="Principal">The principal.</param>
/// <param name="Id">The object.</param>
/// <param name="Stamp">Zero if it has no meaning.</param>
internal readonly record struct GrantRow(GrantRelation Relation, string Principal, string Id, long Stamp)
{
    /// <summary>The rows that the index has for an object.</summary>
    /// <param name="role">Its kind.</param>
    /// <param name="id">Its id.</param>
    /// <param name="modified">Its stamp.</param>
    /// <param name="acl">Its permissions.</param>
    /// <exception cref="System.Text.Json.JsonException">The permissions cannot be read.</exception>
    public static IEnumerable<GrantRow> Of(ListRole role, string id, long modified, byte[] acl)
    {
        if (AccessList.Read(acl) is not { } access)
        {
            return [];
        }

        var named = access.Indexed();
        var relation = GrantIndex.RelationOf(role, named.Count);
        return named.Select(principal => new GrantRow(relation, principal, id, HasStamp(relation) ? modified : 0))
            .Concat((access.Members ?? []).Distinct(StringComparer.Ordinal).Select(member => new GrantRow(GrantRelation.Member, member, id, access.Since.Milliseconds)));
    }

    public static bool HasStamp(GrantRelation relation) => relation is GrantRelation.Named or GrantRelation.Member;
}

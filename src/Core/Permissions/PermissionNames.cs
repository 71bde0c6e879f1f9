using System.Diagnostics.CodeAnalysis;
using Lockstep.Core.Records;

namespace Lockstep.Core.Permissions;

/// <summary>The names of permissions in the store, which are those of Kinto.</summary>
public static class PermissionNames
{
    private static readonly string[] Names = ["read", "write", "collection:create", "group:create", "record:create"];

    private static readonly Right[] OfBuckets = [Right.Read, Right.Write, Right.CreateCollections, Right.CreateGroups];
    private static readonly Right[] OfCollections = [Right.Read, Right.Write, Right.CreateRecords];
    private static readonly Right[] OfOthers = [Right.Read, Right.Write];

    public static string Of(Right permission) => Names[(int)permission];

    /// <summary>The permissions that an object of a list can have.</summary>
    public static IReadOnlyList<Right> In(ListRole role) => role switch
    {
        ListRole.Self => OfBuckets,
        ListRole.Collections => OfCollections,
        _ => OfOthers,
    };

    public static bool TryParse(string name, [NotNullWhen(true)] out Right? permission)
    {
        var index = Array.IndexOf(Names, name);
        permission = index < 0 ? null : (Right)index;
        return index >= 0;
    }
}

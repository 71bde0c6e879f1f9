using Lockstep.Core.Permissions;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Kinto;

/// <summary>An object in <c>/permissions</c>.</summary>
/// <param name="Uri">Its path.</param>
/// <param name="Resource">Its kind.</param>
/// <param name="Permissions">The caller's rights on it.</param>
/// <param name="Ids">The members that name it and its parents, including <c>id</c>.</param>
internal sealed record PermissionEntry(string Uri, string Resource, IReadOnlyList<string> Permissions, IReadOnlyList<KeyValuePair<string, string>> Ids)
{
    private const string Attributes = "read:attributes";

    /// <summary>The rights to create buckets and accounts.</summary>
    /// <param name="rights">The rights; at least one.</param>
    public static PermissionEntry OfRoot(IReadOnlyList<string> rights) => new("/", "root", rights, []);

    /// <summary>A user's own account.</summary>
    public static PermissionEntry OfAccount(string name) => new($"/accounts/{name}", "account", Expand(Own, ListRole.Records), [new("account_id", name), new("id", name)]);

    private static readonly Right[] Own = [Right.Write];

    /// <param name="bucket">The bucket's name.</param>
    /// <param name="target">The object.</param>
    /// <param name="rights">The caller's rights in its own permissions.</param>
    public static PermissionEntry Of(string bucket, ObjectRef target, IReadOnlyList<Right> rights)
    {
        var path = $"/buckets/{bucket}";
        var of = KeyValuePair.Create("bucket_id", bucket);
        return target.List.Role switch
        {
            ListRole.Self => new(path, "bucket", Expand(rights, ListRole.Self), [of, new("id", bucket)]),
            ListRole.Collections => new($"{path}/collections/{target.Id}", "collection", Expand(rights, ListRole.Collections), [of, new("collection_id", target.Id), new("id", target.Id)]),
            ListRole.Groups => new($"{path}/groups/{target.Id}", "group", Expand(rights, ListRole.Groups), [of, new("group_id", target.Id), new("id", target.Id)]),
            _ => new(
                $"{path}/collections/{target.List.Name}/records/{target.Id}", "record", Expand(rights, ListRole.Records),
                [of, new("collection_id", target.List.Name), new("record_id", target.Id), new("id", target.Id)]),
        };
    }

    /// <summary>A member's text; null if there is no such member.</summary>
    public string? this[string member] => member switch
    {
        "uri" => Uri,
        "resource_name" => Resource,
        _ => Ids.Where(id => id.Key == member).Select(static id => id.Value).FirstOrDefault(),
    };

    /// <summary>Adds the rights that follow from them on the same object.</summary>
    private static IReadOnlyList<string> Expand(IReadOnlyList<Right> rights, ListRole role)
    {
        var all = rights.Contains(Right.Write) ? PermissionNames.In(role) : rights;
        IEnumerable<string> names = all.Select(PermissionNames.Of);
        return [.. role is ListRole.Self or ListRole.Collections ? names.Append(Attributes) : names];
    }
}

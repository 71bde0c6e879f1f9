using Lockstep.Core.Records;

namespace Lockstep.Core.Storage;

/// <summary>Which rows the index of principals has for an object.</summary>
public static class GrantIndex
{
    // An object that names more is found without its stamp, so that its writes do not write a row for each name.
    private const int MaxStampedPrincipals = 100;

    /// <summary>The relation under which the index has the principals that an object names.</summary>
    /// <param name="role">Its kind.</param>
    /// <param name="principals">The number of principals that it names.</param>
    public static GrantRelation RelationOf(ListRole role, int principals) =>
        role == ListRole.Self ? GrantRelation.NamedByBucket : principals > MaxStampedPrincipals ? GrantRelation.NamedWidely : GrantRelation.Named;
}

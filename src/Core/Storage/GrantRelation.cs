namespace Lockstep.Core.Storage;

/// <summary>Why a principal is in the index of principals.</summary>
public enum GrantRelation : byte
{
    /// <summary>
    /// An object's permissions name it, with any right; but for buckets see <see cref="NamedByBucket"/>. The stamp is the object's, so that
    /// a user's new objects are found without the others.
    /// </summary>
    Named = 0,

    /// <summary>A group has it as a member. The stamp is the last deletion of a group of that name before.</summary>
    Member = 1,

    /// <summary>
    /// Its standing changed in a way that no list shows. A reader of lists whose <c>_since</c> is older starts over. The stamp
    /// is the time of the change; the list is 0 for the whole bucket. There may be several, of which the newest counts in the bucket itself.
    /// </summary>
    Changed = 2,

    /// <summary>A bucket's own permissions name it. Separate, because a user's visible buckets are searched among all buckets.</summary>
    NamedByBucket = 3,

    /// <summary>
    /// Like <see cref="Named"/>, for an object that names so many that its writes do not update all these rows: the stamp has no meaning.
    /// </summary>
    NamedWidely = 4,
}

namespace Lockstep.Core.Storage;

/// <summary>Why a principal is in the index of principals.</summary>
public enum GrantRelation : byte
{
    /// <summary>
    /// An object's list names it, for whatever; but of a bucket see <see cref="NamedByBucket"/>. The stamp is the object's, so that what is
    /// new for somebody is found without what is not.
    /// </summary>
    Named = 0,

    /// <summary>A group has it as a member. The stamp is the last deletion of a group of that name before.</summary>
    Member = 1,

    /// <summary>
    /// Its standing changed otherwise than by what shows in a list. A reader of lists whose <c>_since</c> is older starts over. The stamp
    /// says when; the list is 0 for all of the bucket. There may be several, of which the newest counts in the bucket itself.
    /// </summary>
    Changed = 2,

    /// <summary>A bucket's own list names it. Apart, since what somebody can see of buckets is looked for among all of them.</summary>
    NamedByBucket = 3,

    /// <summary>
    /// As <see cref="Named"/>, of an object that names so many that its writes do not take all these rows along: the stamp says nothing.
    /// </summary>
    NamedWidely = 4,
}

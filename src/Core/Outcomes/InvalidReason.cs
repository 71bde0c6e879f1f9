namespace Lockstep.Core.Outcomes;

/// <summary>Why an operation is invalid. The numbers are sent between processes.</summary>
public enum InvalidReason : byte
{
    /// <summary>One that this program does not know.</summary>
    Unknown = 0,

    /// <summary>The cursor does not belong to the order that was asked for.</summary>
    CursorOfOtherOrder = 1,

    /// <summary>The page ends at values that are too long for a cursor.</summary>
    LongSortValues = 2,

    /// <summary>More records match than are sorted. The figure is how many are.</summary>
    TooManyToSort = 3,

    /// <summary>More rows would have to be read for a count than a turn reads. The figure is how many it does.</summary>
    TooManyToCount = 4,

    /// <summary>The list was asked for as of a time before the first that is known. The figure is that time, as a stamp.</summary>
    BeforeHorizon = 5,

    /// <summary>An edit of permissions needs a principal that is not in them.</summary>
    PrincipalNotThere = 6,

    /// <summary>The permissions of an object name too many principals. The figure is how many they may.</summary>
    TooManyPrincipals = 7,

    /// <summary>The objects of a bucket name too many groups of other buckets. The figure is how many they may.</summary>
    TooManyForeignGroups = 8,

    /// <summary>What a group has as members is no list of principals.</summary>
    MembersNoList = 9,

    /// <summary>A member of a group is no user. The detail is the member.</summary>
    MemberNoUser = 10,

    /// <summary>A group has too many members. The figure is how many it may have.</summary>
    TooManyMembers = 11,

    /// <summary>The data names a file that is not the record's.</summary>
    FileOfOther = 12,

    /// <summary>The data is no object, or a patch does not leave one.</summary>
    DataNoObject = 13,

    /// <summary>A patch gives the object another id.</summary>
    OtherId = 14,

    /// <summary>An operation of a patch cannot be applied. The detail says why, for a person.</summary>
    PatchFailed = 15,

    /// <summary>A patch leads to data that is nested too deep. The figure is how deep it may be.</summary>
    PatchTooDeep = 16,

    /// <summary>The data sets a member that clients read as a statement about the object itself, which would be wrong. The detail is its name.</summary>
    ReservedMember = 17,
}

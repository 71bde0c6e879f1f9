using Lockstep.Core.Settings;

namespace Lockstep.Core.Permissions;

/// <summary>
/// Rights that settings give on all objects, and limits of the rights that objects give. Principals are separated by commas, in the form of clients.
/// They go by name: whoever has the name has the right.
/// </summary>
public sealed record AccessOptions
{
    /// <summary>Who may make buckets. Default: everybody who has signed in.</summary>
    public string BucketCreatePrincipals { get; init; } = PrincipalText.Authenticated;

    /// <summary>Who may see all buckets' own objects. Default: nobody.</summary>
    public string BucketReadPrincipals { get; init; } = "";

    /// <summary>Who may change and delete all buckets. Default: nobody.</summary>
    public string BucketWritePrincipals { get; init; } = "";

    /// <summary>Who may make collections in all buckets. Default: nobody.</summary>
    public string CollectionCreatePrincipals { get; init; } = "";

    /// <summary>Who may see the collections of all buckets. Default: nobody.</summary>
    public string CollectionReadPrincipals { get; init; } = "";

    /// <summary>Who may change and delete the collections of all buckets. Default: nobody.</summary>
    public string CollectionWritePrincipals { get; init; } = "";

    /// <summary>Who may make groups in all buckets. Default: nobody.</summary>
    public string GroupCreatePrincipals { get; init; } = "";

    /// <summary>Who may see the groups of all buckets. Default: nobody.</summary>
    public string GroupReadPrincipals { get; init; } = "";

    /// <summary>Who may change and delete the groups of all buckets. Default: nobody.</summary>
    public string GroupWritePrincipals { get; init; } = "";

    /// <summary>Who may make records in all collections. Default: nobody.</summary>
    public string RecordCreatePrincipals { get; init; } = "";

    /// <summary>Who may see all records. Default: nobody.</summary>
    public string RecordReadPrincipals { get; init; } = "";

    /// <summary>Who may change and delete all records. Default: nobody.</summary>
    public string RecordWritePrincipals { get; init; } = "";

    /// <summary>Who may see the history of all buckets. Default: nobody.</summary>
    public string HistoryReadPrincipals { get; init; } = "";

    /// <summary>Who may delete history, which makes earlier states of records unknown. Default: nobody.</summary>
    public string HistoryWritePrincipals { get; init; } = "";

    /// <summary>Whether the user who makes an object may write it from then on. Default: true.</summary>
    public bool AuthorsMayWrite { get; init; } = true;

    /// <summary>Principals that one object may name. Default: 1,000.</summary>
    [Bounds(1)]
    public int MaxPrincipals { get; init; } = 1_000;

    /// <summary>Members that a group may have. Default: 5,000.</summary>
    [Bounds(1)]
    public int MaxGroupMembers { get; init; } = 5_000;

    /// <summary>Groups of other buckets that the objects of one bucket may name together. Default: 100.</summary>
    [Bounds(0)]
    public int MaxForeignGroups { get; init; } = 100;

    /// <summary>Bytes that the rights of a bucket and of its collections may take together; the owner keeps them in memory. Default: 1 MiB.</summary>
    [Bounds(1)]
    public int MaxBytes { get; init; } = 1 << 20;

    /// <summary>How long a user who was removed from a group of another bucket may still count as its member. Default: 5 seconds.</summary>
    [Bounds(0, 60)]
    public TimeSpan MembershipTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How far the wall clocks of two processes may differ, including the time of a commit and a read. Readers of lists whose groups in other buckets
    /// changed start again for three times this time, and <see cref="MembershipTime"/>, after the change. Default: 5 seconds.
    /// </summary>
    [Bounds(0, 600)]
    public TimeSpan MaxClockDifference { get; init; } = TimeSpan.FromSeconds(5);
}

using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// Decides who may do what. It is the only place that does: a turn asks it before an operation, a read before an answer. A right on a bucket
/// applies to everything in the bucket, and a right on a collection applies to its records.
/// </summary>
/// <remarks>Kinto: docs/api/1.x/permissions.rst, and the tree in kinto/authorization.py.</remarks>
internal sealed class AccessRule(AccessOptions options)
{
    // By role, then create, read and write.
    private readonly string[][] bucketSettings = Parse(options.BucketCreatePrincipals, options.BucketReadPrincipals, options.BucketWritePrincipals);
    private readonly string[][] collectionSettings = Parse(options.CollectionCreatePrincipals, options.CollectionReadPrincipals, options.CollectionWritePrincipals);
    private readonly string[][] groupSettings = Parse(options.GroupCreatePrincipals, options.GroupReadPrincipals, options.GroupWritePrincipals);
    private readonly string[][] recordSettings = Parse(options.RecordCreatePrincipals, options.RecordReadPrincipals, options.RecordWritePrincipals);
    private readonly string[][] historySettings = Parse("", options.HistoryReadPrincipals, options.HistoryWritePrincipals);

    public AccessOptions Options => options;

    /// <summary>Groups that the settings name, as clients write them.</summary>
    public IReadOnlyList<string> GroupsOfSettings => field ??=
        [.. new[] { bucketSettings, collectionSettings, groupSettings, recordSettings, historySettings }.SelectMany(static of => of).SelectMany(static of => of).Where(PrincipalText.IsGroup).Distinct(StringComparer.Ordinal)];

    /// <summary>Whether groups of other buckets may count in a bucket.</summary>
    public bool CountsOthers(BucketHeads heads) => heads.Rules.IsShareable && (GroupsOfSettings.Count > 0 || heads.Acl is { ForeignGroups.Count: > 0 });

    /// <summary>Whether the bucket is the caller's own. They may then do everything in it, and nothing else is checked.</summary>
    public static bool IsOwner(Caller caller, BucketHeads heads) =>
        heads.Rules.IsKnown && !BucketRestore.IsUnfinished(heads)
        && (caller.Access == BucketAccess.Own || (caller.Access == BucketAccess.ByAcl && heads.Exists && IsAuthor(heads, caller.Principals)));

    /// <summary>Whether the caller created the bucket, which must exist.</summary>
    public static bool IsAuthor(BucketHeads heads, PrincipalSet principals) =>
        principals.Contains(heads.Author) && principals.Account.Made(heads.AuthorNumber, heads[ListRef.Self].RowsModified);

    /// <summary>The bucket's author in the stored form; null if it has none.</summary>
    public static string? AuthorOf(BucketHeads heads) =>
        heads.Author is { } author && heads.AuthorNumber is { } number ? PrincipalText.OfAccount(author, number) : heads.Author;

    /// <param name="caller">The caller, with the groups known so far.</param>
    /// <param name="need">The access needed.</param>
    /// <param name="target">The object; for a list, a reference without an id.</param>
    /// <param name="heads">The bucket.</param>
    /// <param name="record">The object's row, which may be a tombstone; null if there is none, and for lists.</param>
    /// <returns>Whether they may. A caller who may not do something with a whole list may still do it with some of its objects.</returns>
    public bool Decide(Caller caller, AccessNeed need, ObjectRef target, BucketHeads heads, StoredRecord? record)
    {
        if (IsOwner(caller, heads))
        {
            return true;
        }

        // One that is being imported is nobody's until it is whole: who read a part of it would miss the rest.
        if (caller.Access != BucketAccess.ByAcl || !heads.Rules.IsShareable || BucketRestore.IsUnfinished(heads))
        {
            return false;
        }

        var who = caller.Principals;
        var bucket = heads.Acl;
        AccessList? own = null;
        var (mayWrite, mayRead) = (May(bucket, Right.Write), May(bucket, Right.Read));
        switch (target.List.Role)
        {
            case ListRole.Self:
                return need switch
                {
                    AccessNeed.Create => IsSet(bucketSettings, need),
                    AccessNeed.ReadObject => mayWrite || mayRead || May(bucket, Right.CreateCollections) || May(bucket, Right.CreateGroups) || IsSet(bucketSettings, need),
                    AccessNeed.ReadList => mayWrite || mayRead || IsSet(bucketSettings, need),
                    _ => mayWrite || IsSet(bucketSettings, need),
                };
            case ListRole.Collections:
                return Inherited(Right.CreateCollections, collectionSettings)
                    || (need is AccessNeed.ReadObject && (May(Own(), Right.Read) || May(Own(), Right.CreateRecords)))
                    || (need is AccessNeed.ReadObject or AccessNeed.WriteObject && May(Own(), Right.Write));
            case ListRole.Groups:
                return Inherited(Right.CreateGroups, groupSettings)
                    || (need is AccessNeed.ReadObject && May(Own(), Right.Read))
                    || (need is AccessNeed.ReadObject or AccessNeed.WriteObject && May(Own(), Right.Write));
            case ListRole.Records:
                var collection = heads[target.List].Exists ? heads[target.List].Acl : null;
                mayWrite = mayWrite || May(collection, Right.Write);
                mayRead = mayRead || May(collection, Right.Read);
                return mayWrite || (need is AccessNeed.Create && May(collection, Right.CreateRecords))
                    || (need is AccessNeed.ReadObject or AccessNeed.ReadList && mayRead)
                    || IsSet(recordSettings, need)
                    || (need is AccessNeed.ReadObject && May(Own(), Right.Read))
                    || (need is AccessNeed.ReadObject or AccessNeed.WriteObject && May(Own(), Right.Write));
            case ListRole.History:
                return need is not AccessNeed.Create
                    && (mayWrite || IsSet(bucketSettings, need) || IsSet(historySettings, need) || (need is AccessNeed.ReadObject or AccessNeed.ReadList && mayRead) || (need is AccessNeed.ReadObject && May(Own(), Right.Read)));
            default:
                return false;
        }

        AccessList? Own()
        {
            // Parsed once, however many rights are checked.
            return own ??= AccessList.Read(record?.Acl) ?? AccessList.Empty;
        }

        bool May(AccessList? list, Right permission)
        {
            if (list is null)
            {
                return false;
            }

            var named = list[permission];
            for (var i = 0; i < named.Count; i++)
            {
                if (who.Matches(named[i]))
                {
                    return true;
                }
            }

            return false;
        }

        bool Inherited(Right create, string[][] settings) =>
            mayWrite || (need is AccessNeed.Create && May(bucket, create)) || (need is AccessNeed.ReadObject or AccessNeed.ReadList && mayRead) || IsSet(settings, need);

        bool IsSet(string[][] settings, AccessNeed of) => Array.Exists(settings[Write], Counts)
            || (of is AccessNeed.Create ? Array.Exists(settings[Create], Counts) : of is AccessNeed.ReadObject or AccessNeed.ReadList && Array.Exists(settings[Read], Counts));

        bool Counts(string principal) => who.CountsAs(principal);
    }

    /// <summary>Whether bucket and collection alone let the caller do everything in a list, whatever groups they are in.</summary>
    public bool DecidesWithoutGroups(Caller caller, ListRef list, BucketHeads heads) => Decide(caller, AccessNeed.WriteList, new ObjectRef(list, ""), heads, record: null);

    private const int Create = 0;
    private const int Read = 1;
    private const int Write = 2;

    private static string[][] Parse(params ReadOnlySpan<string> settings)
    {
        var parsed = new string[settings.Length][];
        for (var i = 0; i < parsed.Length; i++)
        {
            parsed[i] = settings[i].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }

        return parsed;
    }
}

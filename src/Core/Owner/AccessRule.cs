using Lockstep.Core.Buckets;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// Who may do what: the one place that says so, asked before an operation in a turn and before an answer in a read. A right on a bucket
/// is one on all that lies in it, a right on a collection one on its records.
/// </summary>
/// <remarks>Kinto: docs/api/1.x/permissions.rst, and the tree in kinto/authorization.py.</remarks>
internal sealed class AccessRule(AccessOptions options)
{
    // By role, then to create, read and write.
    private readonly string[][] bucketSettings = Parse(options.BucketCreatePrincipals, options.BucketReadPrincipals, options.BucketWritePrincipals);
    private readonly string[][] collectionSettings = Parse(options.CollectionCreatePrincipals, options.CollectionReadPrincipals, options.CollectionWritePrincipals);
    private readonly string[][] groupSettings = Parse(options.GroupCreatePrincipals, options.GroupReadPrincipals, options.GroupWritePrincipals);
    private readonly string[][] recordSettings = Parse(options.RecordCreatePrincipals, options.RecordReadPrincipals, options.RecordWritePrincipals);
    private readonly string[][] historySettings = Parse("", options.HistoryReadPrincipals, options.HistoryWritePrincipals);

    public AccessOptions Options => options;

    /// <summary>Groups that the settings name, in the form of clients.</summary>
    public IReadOnlyList<string> GroupsOfSettings => field ??=
        [.. new[] { bucketSettings, collectionSettings, groupSettings, recordSettings, historySettings }.SelectMany(static of => of).SelectMany(static of => of).Where(PrincipalText.IsGroup).Distinct(StringComparer.Ordinal)];

    /// <summary>Whether groups of other buckets may count in a bucket.</summary>
    public bool CountsOthers(BucketHeads heads) => heads.Id.Kind == BucketKind.Kinto && (GroupsOfSettings.Count > 0 || heads.Acl is { ForeignGroups.Count: > 0 });

    /// <summary>Whether the bucket is the caller's, so that they may do everything in it and nothing else is to be looked at.</summary>
    public static bool IsOwner(Caller caller, BucketHeads heads) =>
        heads.Id.Kind != BucketKind.Unknown
        && (caller.Access == BucketAccess.Own || (caller.Access == BucketAccess.ByAcl && heads.Exists && IsAuthor(heads, caller.Principals)));

    /// <summary>Whether the caller made the bucket, which exists.</summary>
    public static bool IsAuthor(BucketHeads heads, PrincipalSet principals) =>
        principals.Contains(heads.Author) && principals.Account.Made(heads.AuthorNumber, heads[ListRef.Self].RowsModified);

    /// <summary>The bucket's author in the stored form; null where there is none.</summary>
    public static string? AuthorOf(BucketHeads heads) =>
        heads.Author is { } author && heads.AuthorNumber is { } number ? PrincipalText.OfAccount(author, number) : heads.Author;

    /// <param name="caller">Who asks, with their groups as far as these are known.</param>
    /// <param name="need">For what.</param>
    /// <param name="target">The object; of a list, one without an id.</param>
    /// <param name="heads">The bucket.</param>
    /// <param name="record">The object's row, a tombstone too; null where there is none, and for lists.</param>
    /// <returns>Whether they may. Who may not do something with all of a list may with some of it.</returns>
    public bool Decide(Caller caller, AccessNeed need, ObjectRef target, BucketHeads heads, StoredRecord? record)
    {
        if (IsOwner(caller, heads))
        {
            return true;
        }

        if (caller.Access != BucketAccess.ByAcl || heads.Id.Kind != BucketKind.Kinto)
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
            // Read once, however many rights it is asked for.
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

    /// <summary>Whether the caller may do all that there is in a list by what bucket and collection say to them, whatever groups they are in.</summary>
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

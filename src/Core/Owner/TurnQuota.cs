using Lockstep.Core.Outcomes;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;

namespace Lockstep.Core.Owner;

/// <summary>
/// The quotas of one turn. What the bucket and its collections hold is exact, from the heads and the turn's changes; what the bucket's author holds is
/// as far as is known. A change that does not increase anything is always accepted.
/// </summary>
/// <param name="rules">The limits.</param>
/// <param name="start">The bucket as the turn found it.</param>
/// <param name="draft">The turn's changes.</param>
internal sealed class TurnQuota(QuotaRules rules, BucketHeads start, BucketDraft draft)
{
    // The writer may be another user, who is not told how much that is.
    private static readonly OverQuota OfAuthor = new("The user whose bucket this is may hold no more.");

    private static readonly OverQuota OfBucket = new("The bucket may hold no more.");

    private QuotaAmount? atStart;

    /// <param name="target">The object to be written.</param>
    /// <param name="length">Bytes of its data and of a file that comes with it.</param>
    /// <param name="live">The existing object; null for none.</param>
    /// <param name="user">The bucket's author, if the write creates the bucket.</param>
    /// <param name="tellsBucket">Whether the caller may know what the whole bucket holds.</param>
    /// <returns>The limit that the write would exceed; null for none.</returns>
    public OverQuota? Refuse(ObjectRef target, long length, StoredRecord? live, string? user, bool tellsBucket)
    {
        var heads = draft.Heads;
        var isRecord = target.List.Role == ListRole.Records;
        var more = new QuotaAmount(length - (live?.Length ?? 0), isRecord && live is null ? 1 : 0);
        if (isRecord && Passed(OfRecords(heads, target.List), more, rules.OfCollection(heads.Id, target.List.Name), "collection") is { } collection)
        {
            return collection;
        }

        // Parents that are created with it.
        var implied = (heads.Exists || target.List.Role == ListRole.Self ? 0 : RecordData.EmptyObject.Length)
            + (isRecord && !heads[target.List].Exists ? RecordData.EmptyObject.Length : 0);
        more += new QuotaAmount(implied, 0);
        if (Passed(Bucket(), more, rules.OfBucket(heads.Id), "bucket") is { } bucket)
        {
            return tellsBucket ? bucket : OfBucket;
        }

        return Author(user) is { } author && rules.Usage?.Of(author) is { } known && Passed(known + draft.Growth, more, rules.OfUser(author), "user") is not null ? OfAuthor : null;
    }

    /// <summary>How much may still be written to a list.</summary>
    /// <param name="list">The list.</param>
    /// <param name="user">The caller. Only the author is told what all of the author's buckets hold.</param>
    /// <param name="tellsBucket">Whether the caller may know what the whole bucket holds.</param>
    public QuotaLeft Left(ListRef list, string? user, bool tellsBucket)
    {
        var left = tellsBucket ? QuotaLeft.Of(Bucket(), rules.OfBucket(draft.Heads.Id)) : default;
        if (list.Role == ListRole.Records)
        {
            left = left.And(QuotaLeft.Of(OfRecords(draft.Heads, list), rules.OfCollection(draft.Heads.Id, list.Name)));
        }

        return user is not null && string.Equals(Author(user), user, StringComparison.Ordinal) && rules.Usage?.Of(user) is { } known ? left.And(QuotaLeft.Of(known + draft.Growth, rules.OfUser(user))) : left;
    }

    private string? Author(string? user) => !rules.LimitsUsers ? null : draft.Heads.Exists ? draft.Heads.Author : user;

    private QuotaAmount Bucket() => (atStart ??= BucketDraft.AmountOf(start)) + draft.Growth;

    /// <summary>The records of a collection, with their files.</summary>
    private static QuotaAmount OfRecords(BucketHeads heads, ListRef list) => new(
        heads[list].Bytes + (heads.Lists.TryGetValue(ListRef.FilesOf(list.Name), out var files) ? files.Bytes : 0), heads[list].Count);

    private static OverQuota? Passed(QuotaAmount used, QuotaAmount more, QuotaAmount limit, string what)
    {
        var after = used + more;
        return limit.Bytes > 0 && more.Bytes > 0 && after.Bytes > limit.Bytes ? new OverQuota($"The {what} may hold {limit.Bytes} bytes, and would hold {after.Bytes}.")
            : limit.Records > 0 && more.Records > 0 && after.Records > limit.Records ? new OverQuota($"The {what} may hold {limit.Records} records, and would hold {after.Records}.")
            : null;
    }
}

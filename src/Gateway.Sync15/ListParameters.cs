using System.Globalization;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync15;

/// <summary>The parameters of a GET of a collection.</summary>
/// <param name="Query">The records and their order, without a limit.</param>
/// <param name="Limit">Records of the answer; null for all.</param>
/// <param name="IsFull">Whether whole records are wanted, and not only their ids.</param>
public sealed record ListParameters(ListQuery Query, int? Limit, bool IsFull)
{
    private const int MaxIds = 100;
    private static readonly SortField Oldest = new("last_modified", Descending: false);

    /// <returns>Null when a parameter is invalid.</returns>
    public static ListParameters? Read(QueryParameters parameters)
    {
        if (!parameters.TryGetOnly("newer", out var newer) || !parameters.TryGetOnly("older", out var older)
            || !parameters.TryGetOnly("limit", out var limit) || !parameters.TryGetOnly("sort", out var sort)
            || !parameters.TryGetOnly("offset", out var offset) || !parameters.TryGetOnly("full", out var full)
            || !TryIds(parameters, out var ids))
        {
            return null;
        }

        ServerTimestamp? after = null, before = null;
        if (newer is not null)
        {
            if (!SyncTime.TryParse(newer, out var stamp))
            {
                return null;
            }

            after = stamp;
        }

        if (older is not null)
        {
            if (!SyncTime.TryParse(older, out var stamp, roundsUp: true))
            {
                return null;
            }

            before = stamp;
        }

        var most = 0;
        if (sort is not (null or "newest" or "oldest" or "index")
            || (limit is not null && !int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most)))
        {
            return null;
        }

        var query = new ListQuery
        {
            After = after,
            Before = before,
            Deleted = false,
            Ids = ids,
            Sort = sort is "oldest" ? [Oldest] : [],
            HeaviestFirst = sort is "index",
            Projection = full is null ? Projection.Metadata : Projection.Listed,
            Limit = int.MaxValue,
        };
        if (offset is not null)
        {
            if (ListOffset.Parse(offset, query.Order) is not { } cursor || cursor.Modified <= after || cursor.Modified >= before)
            {
                return null;
            }

            query = query with { Cursor = cursor };
        }

        return new ListParameters(query, limit is null ? null : most, full is not null);
    }

    /// <param name="parameters">The request's parameters.</param>
    /// <param name="ids">The values of <c>ids</c>; null where it is missing.</param>
    /// <returns>False when there are too many ids, or an invalid one.</returns>
    public static bool TryIds(QueryParameters parameters, out IReadOnlyList<string>? ids)
    {
        ids = null;
        if (!parameters.TryGetOnly("ids", out var text))
        {
            return false;
        }

        if (text is not null)
        {
            ids = [.. text.Split(',').Select(static id => id.Trim(' ')).Where(static id => id.Length > 0).Distinct(StringComparer.Ordinal)];
        }

        return ids is null || (ids.Count <= MaxIds && ids.All(SyncNames.IsId));
    }
}

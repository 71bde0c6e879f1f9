using System.Globalization;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Selects records of a collection. Unknown parameters are ignored; numbers must be valid.</summary>
/// <param name="Query">The records and their order, without a limit.</param>
/// <param name="Limit">The most records to return; null for all.</param>
/// <param name="Offset">Records to skip at the front.</param>
/// <param name="IsFull">Whether the client wants the records, and not only their ids.</param>
/// <param name="IsFiltered">Whether any parameter selects records.</param>
internal sealed record ListParameters(ListQuery Query, int? Limit, int Offset, bool IsFull, bool IsFiltered)
{
    private static readonly SortField Oldest = new("last_modified", Descending: false);

    /// <summary>Only records with a greater sort index; null for all.</summary>
    public decimal? IndexAbove { get; init; }

    /// <summary>Only records with a smaller sort index; null for all.</summary>
    public decimal? IndexBelow { get; init; }

    /// <summary>Whether the gateway must filter further, since the owner does not know offsets or limits of the sort index.</summary>
    public bool IsSifted => Offset > 0 || IndexAbove is not null || IndexBelow is not null;

    /// <returns>Null if a number is invalid, or a parameter is repeated.</returns>
    public static ListParameters? Read(QueryParameters parameters)
    {
        if (!TryTime(parameters, "newer", out var newer) || !TryTime(parameters, "older", out var older)
            || !TryNumber(parameters, "index_above", out var above) || !TryNumber(parameters, "index_below", out var below)
            || !TryInteger(parameters, "limit", out var limit) || !TryInteger(parameters, "offset", out var offset)
            || !parameters.TryGetOnly("sort", out var sort) || !parameters.TryGetOnly("full", out var full) || !parameters.TryGetOnly("ids", out var ids)
            || !parameters.TryGetOnly("parentid", out var parent) || !parameters.TryGetOnly("predecessorid", out var predecessor))
        {
            return null;
        }

        // Records are stored without parent and predecessor, so none matches.
        IReadOnlyList<string>? meant = parent is not null || predecessor is not null ? []
            : ids is null ? null
            : [.. ids.Split(',').Where(SyncNames.IsId).Distinct(StringComparer.Ordinal)];
        int? most = limit > 0 ? limit : null;
        var query = new ListQuery
        {
            After = newer,
            Before = older,
            Deleted = false,
            Ids = meant,
            Sort = sort is "oldest" ? [Oldest] : [],
            HeaviestFirst = sort is "index",
            Projection = full is null ? Projection.Metadata : Projection.Listed,
            Limit = int.MaxValue,
        };
        var isFiltered = newer is not null || older is not null || meant is not null || most is not null || above is not null || below is not null;
        return new ListParameters(query, most, most is null ? 0 : Math.Max(offset ?? 0, 0), full is not null, isFiltered) { IndexAbove = above, IndexBelow = below };
    }

    private static bool TryTime(QueryParameters parameters, string name, out ServerTimestamp? stamp)
    {
        stamp = null;
        if (!parameters.TryGetOnly(name, out var text))
        {
            return false;
        }

        if (text is null)
        {
            return true;
        }

        var isTime = WeaveTime.TryParse(text, out var value);
        stamp = value;
        return isTime;
    }

    private static bool TryNumber(QueryParameters parameters, string name, out decimal? number)
    {
        number = null;
        if (!parameters.TryGetOnly(name, out var text))
        {
            return false;
        }

        if (text is null)
        {
            return true;
        }

        var isNumber = decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value);
        number = value;
        return isNumber;
    }

    private static bool TryInteger(QueryParameters parameters, string name, out int? number)
    {
        number = null;
        if (!parameters.TryGetOnly(name, out var text))
        {
            return false;
        }

        if (text is null)
        {
            return true;
        }

        var isNumber = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value);
        number = value;
        return isNumber;
    }
}

using System.Globalization;
using System.Text.Json;
using Lockstep.Core.Lists;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// The query string of a list. All filters apply, even if one is given several times or two concern the same field. A parameter that cannot be
/// honoured is refused: ignoring a filter would return, or delete, too much.
/// </summary>
internal sealed class ListParameters
{
    private const int MaxSortFields = 10;
    private const int MaxSortDepth = 20;
    private const int MaxIds = 1_000;

    // Each may search a whole record, and looks up each of its items among the record's values.
    private const int MaxFieldFilters = 10;
    private const int MaxFieldValues = 1_000;

    private ListQuery query;
    private int values;
    private KintoResponse? error;

    private ListParameters(KintoRequest request, KintoOptions options) =>
        query = new ListQuery { Limit = options.MaxPageRecords, MaxBytes = options.MaxPageBytes / request.Share, Projection = Projection.Listed };

    public ListQuery Query => query;

    /// <summary>Null for all fields.</summary>
    public FieldSelection? Fields { get; private set; }

    /// <summary>Whether <c>_limit</c> was given.</summary>
    public bool HasLimit { get; private set; }

    /// <summary>Whether the deprecated <c>_to</c> was used.</summary>
    public bool UsesDeprecatedTo { get; private set; }

    /// <returns>The parameters, or the error.</returns>
    public static (ListParameters? Parameters, KintoResponse? Error) Read(KintoRequest request, KintoOptions options)
    {
        var result = new ListParameters(request, options);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, value) in request.Query.Pairs)
        {
            if (!seen.Add(name) && name is "_limit" or "_token" or "_sort" or "_fields")
            {
                return (null, KintoErrors.GivenTwice(name));
            }

            // JavaScript clients send "null" for a parameter without a value. It must not widen a deletion.
            var hasValue = value is not "null" || !request.IsRead;
            result.Apply(name, value, hasValue, options);
            if (result.error is not null)
            {
                return (null, result.error);
            }
        }

        return (result, null);
    }

    private void Apply(string name, string value, bool hasValue, KintoOptions options)
    {
        UsesDeprecatedTo |= name is "_to";
        switch (name)
        {
            case "_since" or "_before" or "_to" or "_limit" when !hasValue:
                break;
            case "_since":
                query = query with { Since = Later(query.Since, Stamp(name, value)) };
                break;
            case "_before" or "_to" or "lt_last_modified":
                Below(Stamp(name, value));
                break;
            case "_limit":
                Limit(value, options);
                break;
            case "_token":
                query = query with { Cursor = PageToken.Read(value) };
                error = query.Cursor is null ? KintoErrors.Invalid("querystring", "_token", "_token has invalid content") : null;
                break;
            case "_sort":
                Sort(value);
                break;
            case "_fields":
                Fields = FieldSelection.Parse(value);
                break;
            case "id" or "in_id":
                Only(Ids(name, value));
                break;
            case "not_id" or "exclude_id":
                Without(name, Ids(name, value));
                break;
            case "last_modified":
                Above(Stamp(name, value)?.Plus(-1));
                Below(Stamp(name, value)?.Plus(1));
                break;
            case "gt_last_modified":
                Above(Stamp(name, value));
                break;
            case "min_last_modified":
                Above(Stamp(name, value)?.Plus(-1));
                break;
            case "max_last_modified":
                Below(Stamp(name, value)?.Plus(1));
                break;
            case "deleted" when value is "true" or "false":
                Deleted(value is "true");
                break;
            case "deleted":
                error = KintoErrors.Invalid("querystring", name, "deleted should be true or false");
                break;
            case ['_', ..]:
                // Kinto ignores unknown parameters that begin with an underscore; kinto.js sends "_expected".
                break;
            default:
                Field(name, value);
                break;
        }
    }

    private void Above(ServerTimestamp? bound) => query = query with { After = Later(query.After, bound) };

    private void Below(ServerTimestamp? bound) =>
        query = query with { Before = query.Before is { } earlier && !(bound < earlier) ? earlier : bound };

    private static ServerTimestamp? Later(ServerTimestamp? earlier, ServerTimestamp? bound) =>
        earlier is not null && !(bound > earlier) ? earlier : bound;

    private void Only(List<string> ids) =>
        query = query with { Ids = query.Ids is { } earlier ? [.. earlier.Intersect(ids, StringComparer.Ordinal)] : ids };

    private void Without(string name, List<string> ids)
    {
        query = query with { ExcludedIds = query.ExcludedIds is { } earlier ? [.. earlier.Union(ids, StringComparer.Ordinal)] : ids };
        error ??= query.ExcludedIds.Count > MaxIds ? TooManyIds(name) : null;
    }

    private void Deleted(bool deleted)
    {
        error = query.Deleted == !deleted ? KintoErrors.Invalid("querystring", "deleted", "deleted should be true or false, not both") : null;
        query = query with { Deleted = deleted };
    }

    private void Field(string name, string value)
    {
        var (filter, count, fault) = FieldFilterParameter.Read(name, value);
        if (filter is not null && query.Fields.Contains(filter))
        {
            return;
        }

        values += count;
        fault ??= query.Fields.Count == MaxFieldFilters ? $"a list takes at most {MaxFieldFilters} different filters on fields"
            : values > MaxFieldValues ? $"the filters of a list take at most {MaxFieldValues} values together"
            : null;
        if (fault is not null)
        {
            error = KintoErrors.Invalid("querystring", name, fault);
            return;
        }

        query = query with { Fields = [.. query.Fields, filter!] };
        if (filter!.Path is "last_modified")
        {
            // Like any other filter on stamps, it shows tombstones.
            Above(ServerTimestamp.Zero);
        }
    }

    private ServerTimestamp? Stamp(string name, string value)
    {
        var text = value.Length >= 2 && value[0] == '"' && value[^1] == '"' ? value.AsSpan(1, value.Length - 2) : value;
        if (StampText.TryParse(text, out var stamp))
        {
            return stamp;
        }

        error = KintoErrors.Invalid(
            "querystring", name, StampText.Describe(name, text, $"The value should be integer between double quotes or not: {name}"));
        return null;
    }

    private void Limit(string value, KintoOptions options)
    {
        if (!StampText.IsInteger(value))
        {
            error = KintoErrors.Invalid("querystring", "_limit", "_limit should be an integer");
        }
        else if (!ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) || limit > 0)
        {
            // However large: there is a maximum in any case.
            HasLimit = true;
            query = query with { Limit = limit == 0 ? options.MaxPageRecords : (int)Math.Min(limit, (ulong)options.MaxPageRecords) };
        }
    }

    private void Sort(string value)
    {
        var fields = value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(field => new SortField(field.TrimStart('+', '-').Trim(), field.StartsWith('-'))).ToList();
        if (fields.Count > MaxSortFields || fields.Exists(field => field.Path.Length == 0))
        {
            error = KintoErrors.Invalid("querystring", "_sort", $"_sort should be a list of at most {MaxSortFields} fields");
            return;
        }

        if (fields.Exists(static field => field.Path.AsSpan().Count('.') >= MaxSortDepth))
        {
            error = KintoErrors.Invalid("querystring", "_sort", $"a field of _sort may have {MaxSortDepth} names");
            return;
        }

        query = query with { Sort = fields };
    }

    /// <summary>A comma list; an item may be a JSON string.</summary>
    private List<string> Ids(string name, string value)
    {
        var ids = new List<string>();
        foreach (var item in value.Split(','))
        {
            var id = item;
            if (item.StartsWith('"'))
            {
                try
                {
                    using var document = JsonDocument.Parse(item);
                    id = JsonText.Read(document.RootElement) ?? item;
                }
                catch (JsonException)
                {
                    error = KintoErrors.Invalid("querystring", name, $"{name} should be a list of ids");
                }
            }

            ids.Add(id);
        }

        error ??= ids.Count > MaxIds ? TooManyIds(name) : null;
        return ids;
    }

    private static KintoResponse TooManyIds(string name) => KintoErrors.Invalid("querystring", name, $"{name} takes at most {MaxIds} ids");
}

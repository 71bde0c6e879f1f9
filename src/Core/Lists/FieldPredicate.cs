using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Lists;

/// <summary>Whether a record meets the field filters of a query. All stores use this alone to decide it.</summary>
internal sealed class FieldPredicate
{
    private static readonly JsonElement True = JsonSerializer.SerializeToElement(true);

    private readonly FieldCondition[] conditions;

    private FieldPredicate(IReadOnlyList<FieldFilter> filters)
    {
        // Filters on one field are adjacent, so that its text is made once.
        conditions = [.. filters.Distinct().Select(static filter => new FieldCondition(filter)).OrderBy(static condition => condition.Path, StringComparer.Ordinal)];
        ReadsBodies = conditions.Any(static condition => condition.Path is not ("id" or "last_modified"));
    }

    /// <returns>Null where the query has no field filters.</returns>
    public static FieldPredicate? Of(ListQuery query) => query.Fields.Count == 0 ? null : new(query.Fields);

    /// <summary>Whether it reads the data.</summary>
    public bool ReadsBodies { get; }

    /// <summary>How often it may walk the whole record; at least 1.</summary>
    public int Looks => ReadsBodies ? conditions.Length : 1;

    /// <param name="record">A record, with its body where the data is read.</param>
    public bool Matches(StoredRecord record)
    {
        using var document = ReadsBodies && !record.IsTombstone ? JsonText.ParseAgain(record.Body) : null;
        var (path, text) = ("", (string?)null);
        foreach (var condition in conditions)
        {
            (path, text) = (condition.Path, condition.Path == path ? text : null);
            if (!condition.Holds(ValueOf(record, document, condition), ref text))
            {
                return false;
            }
        }

        return true;
    }

    private static JsonElement ValueOf(StoredRecord record, ParsedJson? document, FieldCondition condition) => condition.Path switch
    {
        "id" => JsonSerializer.SerializeToElement(record.Id),
        "last_modified" => JsonSerializer.SerializeToElement(record.Modified.Milliseconds),
        "deleted" when record.IsTombstone => True,
        _ => FieldPath.Find(document, condition.Names),
    };
}

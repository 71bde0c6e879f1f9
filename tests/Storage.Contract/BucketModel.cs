using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Records;

namespace Lockstep.Storage.Contract;

/// <summary>
/// A user's default bucket as the protocol describes it, with nothing clever: what each operation must answer, word for
/// word as <see cref="OutcomeText"/> writes it.
/// </summary>
internal sealed class BucketModel(TimeProvider time)
{
    private readonly Dictionary<string, ModelList> records = new(StringComparer.Ordinal);
    private ModelList collections = new();
    private ModelRow? self;
    private long clock;
    private long lastDeletion;

    /// <summary>The wall clock, in milliseconds.</summary>
    public long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    public ModelList Records(string collection) => records.TryGetValue(collection, out var list)
        ? list
        : records[collection] = new ModelList { Stamp = lastDeletion, Horizon = lastDeletion };

    public string Apply(Operation operation) => operation switch
    {
        PutRecord put => Put(put),
        CreateRecord create => Create(create),
        PatchRecord patch => Patch(patch),
        DeleteRecord delete => Delete(delete),
        DeleteRecords deletes => DeleteMany(deletes),
        ReadRecord read => Read(read),
        ListRecords list => List(list),
        CountRecords count => Count(count),
        _ => throw new InvalidOperationException(operation.GetType().Name),
    };

    private string Put(PutRecord put)
    {
        var live = Find(put.Target);
        return Refuse(put.Precondition, live, Stamp(put.Target.List)) ?? Write(put.Target, Parse(put.Body!.Value), put.Hint?.Milliseconds, live);
    }

    private string Create(CreateRecord create)
    {
        var live = Find(create.Target);
        return Refuse(create.Precondition, live, Stamp(create.Target.List))
            ?? (live is not null ? $"kept {live}" : Write(create.Target, Parse(create.Body), create.Hint?.Milliseconds, live));
    }

    private string Patch(PatchRecord patch)
    {
        var live = Find(patch.Target);
        var seen = live ?? Implied(patch.Target);
        if (seen is null)
        {
            return $"missing {patch.Target.Id}";
        }

        if (Refuse(patch.Precondition, seen, Stamp(patch.Target.List)) is { } refusal)
        {
            return refusal;
        }

        var fields = new SortedDictionary<string, long>(seen.Fields!, StringComparer.Ordinal);
        foreach (var (name, value) in Parse(patch.Patch))
        {
            fields[name] = value;
        }

        return Write(patch.Target, fields, hint: null, live);
    }

    private string Delete(DeleteRecord delete)
    {
        var live = Find(delete.Target);
        if (live is null)
        {
            return $"missing {delete.Target.Id}";
        }

        if (Refuse(delete.Precondition, live, Stamp(delete.Target.List)) is { } refusal)
        {
            return refusal;
        }

        var tombstone = new ModelRow(delete.Target.Id, Tick(delete.Hint?.Milliseconds), Fields: null);
        Remove(delete.Target, tombstone);
        return $"deleted {tombstone}";
    }

    private string DeleteMany(DeleteRecords deletes)
    {
        var list = ListOf(deletes.List);
        if (FirstFailed(deletes.Precondition, exists: true, list.Stamp) is not null)
        {
            return $"precondition failed @{list.Stamp} -";
        }

        var matching = Matching(list, deletes.Query).Where(row => row.IsLive).ToList();
        var gone = Page(matching, deletes.Query).Select(row => new ModelRow(row.Id, Tick(hint: null), Fields: null)).ToList();
        foreach (var tombstone in gone)
        {
            Remove(new ObjectRef(deletes.List, tombstone.Id), tombstone);
        }

        return $"deleted @{list.Stamp} [{string.Join(", ", gone)}]{(gone.Count < matching.Count ? " …" : "")}";
    }

    private string Read(ReadRecord read)
    {
        var row = Find(read.Target) ?? Implied(read.Target);
        return row is null ? $"missing {read.Target.Id}" : RefuseRead(read.Precondition, row, row.Modified) ?? $"found {row}";
    }

    private string List(ListRecords operation)
    {
        var list = ListOf(operation.List);
        if (RefuseRead(operation.Precondition, row: null, list.Stamp) is { } refusal)
        {
            return refusal;
        }

        var query = operation.Query;
        if (query.Since is { } since && since.Milliseconds > 0 && since.Milliseconds < list.Horizon)
        {
            return $"page @{list.Horizon} []";
        }

        var matching = Matching(list, query).ToList();
        var page = Page(matching, query);
        return $"page @{list.Stamp} [{string.Join(", ", page)}]{(matching.Count > page.Count ? " …" : "")}";
    }

    private string Count(CountRecords operation)
    {
        var list = ListOf(operation.List);
        return RefuseRead(operation.Precondition, row: null, list.Stamp)
            ?? $"count {Matching(list, operation.Query).Count(row => row.IsLive)} @{list.Stamp}";
    }

    private static List<ModelRow> Page(IEnumerable<ModelRow> matching, ListQuery query)
    {
        var page = new List<ModelRow>();
        foreach (var row in matching)
        {
            if (page.Count == query.Limit || page.Sum(taken => taken.Bytes) >= query.MaxBytes)
            {
                break;
            }

            page.Add(row);
        }

        return page;
    }

    private static IEnumerable<ModelRow> Matching(ModelList list, ListQuery query)
    {
        var rows = list.Rows.Values.Where(row => row.IsLive || query.Since is not null || query.Before is not null)
            .Where(row => query.Since is not { } since || row.Modified > since.Milliseconds)
            .Where(row => query.Before is not { } before || row.Modified < before.Milliseconds)
            .Where(row => query.Ids is null || query.Ids.Contains(row.Id))
            .Where(row => query.ExcludedIds is null || !query.ExcludedIds.Contains(row.Id))
            .Where(row => query.Fields.All(filter => Passes(row, filter)));
        return (query.Sort.Count == 0 ? new SortField("last_modified", Descending: true) : query.Sort[0]) switch
        {
            { Path: "last_modified", Descending: true } => rows.OrderByDescending(row => row.Modified),
            { Path: "last_modified" } => rows.OrderBy(row => row.Modified),
            { Path: "id", Descending: true } => rows.OrderByDescending(row => row.Id, StringComparer.Ordinal),
            { Path: "id" } => rows.OrderBy(row => row.Id, StringComparer.Ordinal),
            { Descending: true } by => rows.OrderByDescending(row => Value(row, by.Path)).ThenByDescending(row => row.Modified),
            var by => rows.OrderBy(row => Value(row, by.Path)).ThenByDescending(row => row.Modified),
        };
    }

    /// <summary>All values are numbers.</summary>
    private static bool Passes(ModelRow row, FieldFilter filter)
    {
        var isThere = row.Fields?.ContainsKey(filter.Path) == true;
        return filter.Test switch
        {
            FieldTest.Has => isThere == (filter.Value is "true"),
            FieldTest.Equal => isThere && row.Fields![filter.Path] == Wanted(),
            FieldTest.NotEqual => !isThere || row.Fields![filter.Path] != Wanted(),
            FieldTest.Less => Value(row, filter.Path) < Wanted(),
            FieldTest.AtMost => Value(row, filter.Path) <= Wanted(),
            FieldTest.AtLeast => Value(row, filter.Path) >= Wanted(),
            _ => Value(row, filter.Path) > Wanted(),
        };

        long Wanted() => long.Parse(filter.Value, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>A missing field comes last.</summary>
    private static long Value(ModelRow row, string field) =>
        row.Fields is not null && row.Fields.TryGetValue(field, out var value) ? value : long.MaxValue;

    private string Write(ObjectRef target, SortedDictionary<string, long> fields, long? hint, ModelRow? live)
    {
        if (target.List.Role != ListRole.Self)
        {
            self ??= new ModelRow(ObjectRef.Bucket.Id, Tick(hint: null), []);
        }

        if (target.List.Role == ListRole.Records && !Records(target.List.Name).Exists)
        {
            collections.Set(new ModelRow(target.List.Name, Tick(hint: null), []));
            Records(target.List.Name).Exists = true;
        }

        var row = new ModelRow(target.Id, Tick(hint), fields);
        if (target.List.Role == ListRole.Self)
        {
            self = row;
        }
        else
        {
            ListOf(target.List).Set(row);
        }

        if (target.List.Role == ListRole.Collections)
        {
            Records(target.Id).Exists = true;
        }

        return $"{(live is null ? "created" : "updated")} {row}";
    }

    private void Remove(ObjectRef target, ModelRow tombstone)
    {
        switch (target.List.Role)
        {
            case ListRole.Self:
                self = null;
                lastDeletion = tombstone.Modified;
                records.Clear();
                collections = new ModelList { Stamp = lastDeletion, Horizon = lastDeletion };
                break;
            case ListRole.Collections:
                collections.Set(tombstone);
                records[target.Id] = new ModelList { Stamp = tombstone.Modified, Horizon = tombstone.Modified };
                break;
            default:
                ListOf(target.List).Set(tombstone);
                break;
        }
    }

    private ModelList ListOf(ListRef list) => list.Role == ListRole.Collections ? collections : Records(list.Name);

    private long Stamp(ListRef list) => list.Role == ListRole.Self ? self?.Modified ?? lastDeletion : ListOf(list).Stamp;

    private ModelRow? Find(ObjectRef target) => target.List.Role == ListRole.Self ? self : ListOf(target.List).Live(target.Id);

    private ModelRow? Implied(ObjectRef target) => target.List.Role switch
    {
        ListRole.Self => new ModelRow(target.Id, lastDeletion, []),
        ListRole.Collections => new ModelRow(target.Id, Records(target.Id).Stamp, []),
        _ => null,
    };

    private long Tick(long? hint)
    {
        var next = Math.Max(Now, clock + 1);
        return clock = hint > clock && hint <= Now + 1000 ? hint.Value : next;
    }

    private static string? Refuse(Precondition precondition, ModelRow? row, long listStamp) =>
        FirstFailed(precondition, row is not null, row?.Modified ?? 0) is null ? null
        : row is null ? $"precondition failed @{listStamp} -"
        : $"precondition failed @{row.Modified} {row}";

    private static string? RefuseRead(Precondition precondition, ModelRow? row, long stamp) => FirstFailed(precondition, exists: true, stamp) switch
    {
        null => null,
        PreconditionTest.NoneMatch or PreconditionTest.MustNotExist => $"not modified @{stamp}",
        _ => $"precondition failed @{stamp} {row?.ToString() ?? "-"}",
    };

    private static PreconditionTest? FirstFailed(Precondition precondition, bool exists, long stamp)
    {
        foreach (var (test, value) in new[] { (precondition.Test, precondition.Value), (precondition.SecondTest, precondition.SecondValue) })
        {
            var isSame = exists && stamp == value.Milliseconds;
            var passes = test switch
            {
                PreconditionTest.Match => isSame,
                PreconditionTest.NoneMatch => !isSame,
                PreconditionTest.MustExist => exists,
                PreconditionTest.MustNotExist => !exists,
                _ => true,
            };
            if (!passes)
            {
                return test;
            }
        }

        return null;
    }

    private static SortedDictionary<string, long> Parse(ReadOnlyMemory<byte> body) => new(
        System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, long>>(body.Span)!, StringComparer.Ordinal);
}

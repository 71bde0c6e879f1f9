using System.Text;
using CsCheck;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Core.Validation;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>Filters on fields over an engine: the table of cases, and pages that others write between.</summary>
public abstract class FieldFilterContract
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    protected static readonly ListRef Tasks = ListRef.RecordsOf("tasks");
    private static readonly SortField[][] Sorts =
    [
        [], [new("last_modified", Descending: false)], [new("id", Descending: false)], [new("id", Descending: true)], [new("v", Descending: false)], [new("v", Descending: true), new("id", Descending: true)],
    ];

    protected abstract IBucketStore Store { get; }

    /// <summary>Fields that the collection has indexed. Default: none.</summary>
    protected virtual IFieldDeclarations? Declarations => null;

    [Fact]
    public async Task Filter_OfTheTable_LetsThroughWhatTheTableSays()
    {
        using var buckets = new InProcessBuckets(Store, new BucketOptions(), new FakeTime(), declarations: Declarations);
        var id = await NewAsync(buckets);
        foreach (var (record, body) in FieldFilterCases.Records)
        {
            await ExecuteAsync(buckets, id, new PutRecord(ObjectRef.Record("tasks", record), body));
        }

        await ExecuteAsync(buckets, id, new PutRecord(ObjectRef.Record("tasks", "z"), "{}"u8.ToArray()));
        await ExecuteAsync(buckets, id, new DeleteRecord(ObjectRef.Record("tasks", "z")));
        foreach (var (parameter, filter, ids) in FieldFilterCases.All)
        {
            foreach (var sort in Sorts)
            {
                var query = new ListQuery { Fields = [filter], Sort = sort, Limit = 100 };
                var page = await ExecuteAsync<PageFound>(buckets, id, new ListRecords(Tasks, query));
                Assert.Equal($"{parameter}: {ids}", $"{parameter}: {string.Concat(page.Records.Select(static record => record.Id).Order(StringComparer.Ordinal))}");
                Assert.Null(page.Next);
            }

            var plain = new ListQuery { Fields = [filter], Limit = 1 };
            Assert.Equal((parameter, ids.Length), (parameter, (await ExecuteAsync<CountFound>(buckets, id, new CountRecords(Tasks, plain))).Count));
            Assert.Equal((parameter, ids.Length), (parameter, (await ExecuteAsync<CountFound>(buckets, id, new CountRecords(Tasks, plain with { Since = ServerTimestamp.Zero }))).Count));
        }
    }

    /// <summary>A tombstone has nothing but its id, its stamp, and that it is deleted.</summary>
    [Fact]
    public async Task Filter_OfAListWithTombstones_IsAskedOfThemToo()
    {
        using var buckets = new InProcessBuckets(Store, new BucketOptions(), new FakeTime(), declarations: Declarations);
        var id = await NewAsync(buckets);
        foreach (var record in new[] { "a", "b" })
        {
            await ExecuteAsync(buckets, id, new PutRecord(ObjectRef.Record("tasks", record), """{"n":1}"""u8.ToArray()));
        }

        await ExecuteAsync(buckets, id, new DeleteRecord(ObjectRef.Record("tasks", "b")));
        foreach (var (field, test, value, ids) in new[]
        {
            ("n", FieldTest.Equal, "1", "a"), ("n", FieldTest.NotEqual, "1", "b"), ("n", FieldTest.AtLeast, "1", "ab"), ("n", FieldTest.Has, "false", "b"),
            ("deleted", FieldTest.Equal, "true", "b"), ("deleted", FieldTest.Has, "false", "a"), ("id", FieldTest.AtMost, "\"b\"", "ab"),
        })
        {
            var query = new ListQuery { Fields = [new FieldFilter(field, test, value)], Since = ServerTimestamp.Zero, Sort = Sorts[2], Limit = 100 };
            Assert.Equal(($"{field} {test} {value}", ids), ($"{field} {test} {value}", string.Concat((await ExecuteAsync<PageFound>(buckets, id, new ListRecords(Tasks, query))).Records.Select(static record => record.Id))));
        }
    }

    [Fact]
    public async Task Deletion_OfWhatMatches_DeletesThatAndNothingElse()
    {
        using var buckets = new InProcessBuckets(Store, new BucketOptions { MaxFilteredRecords = 3 }, new FakeTime(), declarations: Declarations);
        foreach (var (parameter, filter, ids) in FieldFilterCases.All)
        {
            var id = await NewAsync(buckets);
            foreach (var (record, body) in FieldFilterCases.Records)
            {
                await ExecuteAsync(buckets, id, new PutRecord(ObjectRef.Record("tasks", record), body));
            }

            var (gone, cursor) = ("", (PageCursor?)null);
            do
            {
                var deleted = await ExecuteAsync<RecordsDeleted>(buckets, id, new DeleteRecords(Tasks, new ListQuery { Fields = [filter], Limit = 2, Sort = Sorts[2], Cursor = cursor }));
                gone += string.Concat(deleted.Tombstones.Select(static tombstone => tombstone.Id));
                cursor = deleted.Next;
            }
            while (cursor is not null);

            var left = await ExecuteAsync<PageFound>(buckets, id, new ListRecords(Tasks, new ListQuery { Limit = 100, Sort = Sorts[2] }));
            Assert.Equal((parameter, ids), (parameter, gone));
            Assert.Equal((parameter, string.Concat("abcdefgh".Except(ids))), (parameter, string.Concat(left.Records.Select(static record => record.Id))));
        }
    }

    /// <summary>
    /// Whoever reads all pages and then polls with their stamp has what is there: a record that nobody touched came once, one that was written meanwhile at most
    /// once, and again by the poll.
    /// </summary>
    [Fact]
    public Task Pages_ThatOthersWriteBetween_NeitherSkipNorRepeat() => Gen.Select(
            Gen.Int[0, Sorts.Length - 1],
            Gen.Int[1, 4],
            Gen.Int[1, 6],
            Gen.Bool,
            Gen.Select(Gen.Int[0, 11], Gen.Int[0, 3]).Array[12, 12],
            Gen.Select(Gen.Int[0, 15], Gen.Int[-1, 3]).Array[0, 12],
            static (sort, limit, looked, isFiltered, seeds, writes) => (Sort: sort, Limit: limit, Looked: looked, IsFiltered: isFiltered, Seeds: seeds, Writes: writes))
        .SampleAsync(
            async input =>
            {
                var (sort, limit, looked, isFiltered, seeds, writes) = input;
                using var buckets = new InProcessBuckets(Store, new BucketOptions { MaxFilteredRecords = looked }, new FakeTime());
                var id = await NewAsync(buckets);
                var (there, touched) = (new Dictionary<string, int>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
                foreach (var (record, value) in seeds)
                {
                    await WriteAsync(record, value);
                }

                touched.Clear();
                var first = there.ToDictionary(StringComparer.Ordinal);
                var (seen, left) = (new List<string>(), new Queue<(int, int)>(writes));
                ListQuery query = new() { Sort = Sorts[sort], Limit = limit, Fields = isFiltered ? [new FieldFilter("v", FieldTest.AtLeast, "2")] : [] };
                PageFound page;
                do
                {
                    page = await ExecuteAsync<PageFound>(buckets, id, new ListRecords(Tasks, query));
                    seen.AddRange(page.Records.Select(static record => record.Id));
                    query = query with { Cursor = page.Next };
                    if (left.TryDequeue(out var write))
                    {
                        await WriteAsync(write.Item1, write.Item2);
                    }
                }
                while (page.Next is not null);

                bool Passes(KeyValuePair<string, int> record) => !isFiltered || record.Value >= 2;
                Assert.Equal(seen.Distinct(), seen);
                Assert.Equal(first.Where(Passes).Select(static record => record.Key).Except(touched).Order(StringComparer.Ordinal), seen.Except(touched).Order(StringComparer.Ordinal));
                var poll = await ExecuteAsync<PageFound>(buckets, id, new ListRecords(Tasks, new ListQuery { Since = page.ListStamp, Limit = 100 }));
                Assert.Equal(touched.Order(StringComparer.Ordinal), poll.Records.Select(static record => record.Id).Order(StringComparer.Ordinal));

                async Task WriteAsync(int record, int value)
                {
                    var target = ObjectRef.Record("tasks", $"r{record}");
                    if (value >= 0)
                    {
                        await ExecuteAsync<RecordWritten>(buckets, id, new PutRecord(target, Encoding.UTF8.GetBytes($$"""{"v":{{value}}}""")));
                        there[target.Id] = value;
                        touched.Add(target.Id);
                    }
                    else if (there.Remove(target.Id))
                    {
                        await ExecuteAsync<RecordDeleted>(buckets, id, new DeleteRecord(target));
                        touched.Add(target.Id);
                    }
                }
            },
            iter: 100);

    /// <summary>A bucket whose collection has said what it wants indexed before it has any record.</summary>
    private async Task<BucketId> NewAsync(InProcessBuckets buckets)
    {
        var id = NewId();
        if (Declarations is not null)
        {
            await ExecuteAsync<RecordWritten>(buckets, id, new PutRecord(ObjectRef.Collection("tasks"), "{}"u8.ToArray()));
        }

        return id;
    }

    protected static BucketId NewId() => BucketId.DefaultBucket($"filters-{Guid.NewGuid():N}");

    protected static async Task<Outcome> ExecuteAsync(InProcessBuckets buckets, BucketId id, Operation operation) =>
        Assert.Single((await buckets.Get(id).ExecuteAsync(new BucketRequest(Alice, [operation]), default)).Outcomes);

    protected static async Task<T> ExecuteAsync<T>(InProcessBuckets buckets, BucketId id, Operation operation)
        where T : Outcome => Assert.IsType<T>(await ExecuteAsync(buckets, id, operation));
}

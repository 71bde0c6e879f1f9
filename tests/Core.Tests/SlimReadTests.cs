using System.Collections.Concurrent;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Patches;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>Of what a write replaces the owner reads all but the body, unless an answer or the write itself needs that.</summary>
public sealed class SlimReadTests
{
    private static readonly BucketId Id = BucketId.DefaultBucket("a");
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Tasks = ListRef.RecordsOf("tasks");
    private static readonly ObjectRef A = ObjectRef.Record("tasks", "a");
    private static readonly Precondition Fails = new(PreconditionScope.Record, PreconditionTest.Match, new(1));

    private readonly ProjectingStore store = new(new InMemoryBucketStore());
    private readonly InProcessBuckets buckets;

    public SlimReadTests() => buckets = new InProcessBuckets(store, new BucketOptions(), TimeProvider.System);

    public static TheoryData<Operation> Slim =>
    [
        new PutRecord(A, "{}"u8.ToArray()),
        new PutRecord(ObjectRef.Record("tasks", "new"), "{}"u8.ToArray()),
        new CreateRecord(ObjectRef.Record("tasks", "new"), "{}"u8.ToArray()),
        new DeleteRecord(A),
        new DeleteRecords(Tasks, new ListQuery { Limit = 10 }),
    ];

    [Theory]
    [MemberData(nameof(Slim), DisableDiscoveryEnumeration = true)]
    public async Task Write_ThatNeedsNoBody_ReadsNone_AndCountsRight(Operation operation)
    {
        await WriteAsync(A, """{"n":1}""");
        await WriteAsync(ObjectRef.Record("tasks", "b"), """{"n":22}""");
        store.Projections.Clear();

        await ExecuteAsync(operation);

        Assert.Equal([operation is DeleteRecords ? Projection.Metadata : Projection.Outline], store.Projections.Distinct());
        var page = Assert.IsType<PageFound>(await ExecuteAsync(new ListRecords(Tasks, new ListQuery { Limit = 10 })));
        var head = (await store.LoadAsync(Id, claim: false, default))!.Lists[Tasks];
        Assert.Equal((page.Records.Count, page.Records.Sum(record => record.Body.Length)), (head.Count, head.Bytes));
    }

    [Fact]
    public async Task Answers_ThatShowTheBody_HaveIt()
    {
        await WriteAsync(A, """{"n":1}""");

        Outcome[] outcomes =
        [
            await ExecuteAsync(new PutRecord(A, "{}"u8.ToArray()) { Precondition = Fails }),
            await ExecuteAsync(new DeleteRecord(A) { Precondition = Fails }),
            await ExecuteAsync(new CreateRecord(A, "{}"u8.ToArray())),
            await ExecuteAsync(new PutRecord(A, Body: null)),
            await ExecuteAsync(new PatchRecord(A, PatchKind.Merge, """{"m":2}"""u8.ToArray()) { ReturnsPrevious = true }),
            await ExecuteAsync(new PatchRecord(A, PatchKind.Merge, """{"n":null}"""u8.ToArray())),
        ];

        Assert.Equal("n=1", OutcomeText.Fields(Assert.IsType<PreconditionFailed>(outcomes[0]).Existing!.Body));
        Assert.Equal("n=1", OutcomeText.Fields(Assert.IsType<PreconditionFailed>(outcomes[1]).Existing!.Body));
        Assert.Equal("n=1", OutcomeText.Fields(Assert.IsType<RecordKept>(outcomes[2]).Record.Body));
        Assert.Equal("n=1", OutcomeText.Fields(Assert.IsType<RecordWritten>(outcomes[3]).Record.Body));
        var patched = Assert.IsType<RecordWritten>(outcomes[4]);
        Assert.Equal(("m=2 n=1", "n=1"), (OutcomeText.Fields(patched.Record.Body), OutcomeText.Fields(patched.Previous!.Body)));
        var slim = Assert.IsType<RecordWritten>(outcomes[5]);
        Assert.Equal(("m=2", null), (OutcomeText.Fields(slim.Record.Body), slim.Previous));
    }

    /// <summary>The body is read a moment after the rest; another process may have written between the two.</summary>
    [Fact]
    public async Task Refusal_RowChangesBetweenTheReads_IsJudgedAnew()
    {
        await WriteAsync(A, """{"n":1}""");
        store.OutlineIsOld = true;

        var refused = Assert.IsType<PreconditionFailed>(await ExecuteAsync(new PutRecord(A, "{}"u8.ToArray()) { Precondition = Fails }));

        Assert.False(store.OutlineIsOld);
        Assert.Equal(refused.Stamp, refused.Existing!.Modified);
        Assert.Equal("n=1", OutcomeText.Fields(refused.Existing.Body));
    }

    [Fact]
    public async Task System_DeletesBuckets_AndDoesNothingElse()
    {
        await WriteAsync(A, """{"n":1}""");
        Operation[] others =
        [
            new ReadRecord(A), new ListRecords(Tasks, new ListQuery { Limit = 1 }), new CountRecords(Tasks, new ListQuery { Limit = 1 }), new PutRecord(A, "{}"u8.ToArray()),
            new CreateRecord(A, "{}"u8.ToArray()), new PatchRecord(A, PatchKind.Merge, "{}"u8.ToArray()), new DeleteRecord(A), new DeleteRecords(Tasks, new ListQuery { Limit = 1 }),
            new DeleteRecord(ObjectRef.Collection("tasks")), new PutRecord(ObjectRef.Bucket, "{}"u8.ToArray()),
        ];

        foreach (var operation in others)
        {
            Assert.Equal(Forbidden.Instance, await ExecuteAsync(operation, Caller.System));
        }

        var delete = new DeleteRecord(ObjectRef.Bucket);
        Assert.Equal(Forbidden.Instance, await ExecuteAsync(delete, new Caller(new("account:bob"), BucketAccess.System)));
        Assert.Equal(Forbidden.Instance, await ExecuteAsync(delete, default(Caller)));
        Assert.IsType<RecordDeleted>(await ExecuteAsync(delete, new Caller(new("account:alice"), BucketAccess.System)));
        await WriteAsync(A, """{"n":1}""");
        Assert.IsType<RecordDeleted>(await ExecuteAsync(delete, Caller.System));
        Assert.Equal(new Missing(ObjectRef.Bucket), await ExecuteAsync(delete, Caller.System));
    }

    private async Task WriteAsync(ObjectRef target, string body) =>
        Assert.IsType<RecordWritten>(await ExecuteAsync(new PutRecord(target, System.Text.Encoding.UTF8.GetBytes(body))));

    private async Task<Outcome> ExecuteAsync(Operation operation, Caller? caller = null) =>
        (await buckets.Get(Id).ExecuteAsync(new BucketRequest(caller ?? Alice, [operation]), default)).Outcomes[0];

    /// <summary>Remembers what was asked for.</summary>
    private sealed class ProjectingStore(IBucketStore inner) : DelegatingBucketStore(inner)
    {
        public ConcurrentQueue<Projection> Projections { get; } = new();

        /// <summary>The outline that comes next is as it was before the last write.</summary>
        public bool OutlineIsOld { get; set; }

        public override async ValueTask<IReadOnlyDictionary<RecordKey, StoredRecord>> ReadAsync(
            BucketKey bucket, IReadOnlyCollection<RecordKey> keys, Projection projection, CancellationToken cancellationToken)
        {
            Projections.Enqueue(projection);
            var rows = await base.ReadAsync(bucket, keys, projection, cancellationToken);
            if (projection != Projection.Outline || !OutlineIsOld)
            {
                return rows;
            }

            OutlineIsOld = false;
            return rows.ToDictionary(row => row.Key, row => row.Value with { Modified = row.Value.Modified.Plus(-1) });
        }

        public override ValueTask<RecordRows> ScanAsync(RecordScan scan, CancellationToken cancellationToken)
        {
            Projections.Enqueue(scan.Query.Projection);
            return base.ScanAsync(scan, cancellationToken);
        }
    }
}

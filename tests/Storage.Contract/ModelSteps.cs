using System.Text;
using CsCheck;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Patches;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Storage.Contract;

/// <summary>
/// Histories of a bucket. What a step says of stamps is only known when it is taken, so a step is a function; which one it is,
/// and with which numbers, follows from the seed alone.
/// </summary>
internal static class ModelSteps
{
    private const int LongestHistory = 150;

    private static readonly Gen<string> Collection = Gen.OneOf("a", "b", "c");

    private static readonly Gen<ObjectRef> Record = Gen.Select(Collection, Gen.Int[0, 11], static (collection, i) => ObjectRef.Record(collection, $"r{i}"));

    private static readonly Gen<ObjectRef> Target = Gen.Frequency(
        (10, Record), (1, Collection.Select(ObjectRef.Collection)), (1, Gen.Const(ObjectRef.Bucket)));

    private static readonly Gen<ListRef> List = Gen.Frequency((5, Collection.Select(ListRef.RecordsOf)), (1, Gen.Const(ListRef.Collections)));

    /// <summary>Mostly one that some row or list carries, so that preconditions hold now and then.</summary>
    private static readonly Gen<Func<BucketModel, ServerTimestamp>> Stamp = Gen.Select<string, int, int, Func<BucketModel, ServerTimestamp>>(
        Collection, Gen.Int[0, 100], Gen.Frequency((3, Gen.Const(0)), (1, Gen.Int[-2, 2])), static (collection, which, off) => model =>
        {
            var list = model.Records(collection);
            long[] stamps = [0, list.Stamp, list.Horizon, .. list.Rows.Values.Select(static row => row.Modified)];
            return new ServerTimestamp(Math.Max(0, stamps[which % stamps.Length] + off));
        });

    private static readonly Gen<Func<BucketModel, ServerTimestamp?>> Hint = Often<ServerTimestamp?>(
        7, null, Gen.Int[-2_000, 1_999].Select<int, Func<BucketModel, ServerTimestamp?>>(static off => model => new ServerTimestamp(model.Now + off)));

    private static readonly Gen<Func<BucketModel, (PreconditionTest Test, ServerTimestamp Value)>> Test = Often(
        3,
        default,
        Gen.Select<PreconditionTest, Func<BucketModel, ServerTimestamp>, Func<BucketModel, (PreconditionTest, ServerTimestamp)>>(
            Gen.OneOf(PreconditionTest.MustExist, PreconditionTest.MustNotExist, PreconditionTest.Match, PreconditionTest.NoneMatch),
            Stamp,
            static (test, stamp) => model => (test, test is PreconditionTest.Match or PreconditionTest.NoneMatch ? stamp(model) : default)));

    private static readonly Gen<SortField[]> Sort = Gen.Frequency(
        (2, Gen.Const<SortField[]>([])),
        (1, Gen.Select(Gen.OneOf("last_modified", "id", "v", "p"), Gen.Bool, static (field, descending) => new[] { new SortField(field, descending) })));

    private static readonly Gen<Func<BucketModel, ListQuery>> Query =
        Gen.Select<int, long, Func<BucketModel, ServerTimestamp?>, Func<BucketModel, ServerTimestamp?>, string[]?, string[]?, SortField[], Func<BucketModel, ListQuery>>(
            Gen.Frequency((2, Gen.Const(100)), (1, Gen.Int[1, 4])),
            Gen.Frequency((3, Gen.Const(long.MaxValue)), (1, Gen.Long[1, 39])),
            Often<ServerTimestamp?>(1, null, Optional(Stamp)),
            Often<ServerTimestamp?>(7, null, Optional(Stamp)),
            Gen.Frequency<string[]?>((9, Gen.Const((string[]?)null)), (1, Gen.Const<string[]?>(["r1", "r2", "r3", "a"]))),
            Gen.Frequency<string[]?>((9, Gen.Const((string[]?)null)), (1, Gen.Const<string[]?>(["r4", "r5", "b"]))),
            Sort,
            static (limit, bytes, since, before, ids, excluded, sort) => model => new ListQuery
            {
                Limit = limit, MaxBytes = bytes, Since = since(model), Before = before(model), Ids = ids, ExcludedIds = excluded, Sort = sort,
            });

    private static readonly Gen<FieldFilter[]> Fields = Gen.Frequency(
        (3, Gen.Const<FieldFilter[]>([])),
        (1, Gen.Select(
            Gen.OneOf("v", "p"),
            Gen.OneOf(FieldTest.Equal, FieldTest.NotEqual, FieldTest.Less, FieldTest.AtMost, FieldTest.AtLeast, FieldTest.Greater, FieldTest.Has),
            Gen.Int[0, 6],
            static (field, test, value) => new FieldFilter(field, test, test == FieldTest.Has ? (value < 3 ? "true" : "false") : $"{value}")).Array[1, 2]));

    private static readonly Gen<Func<BucketModel, Operation>> Operation = Gen.Frequency(
        (32, OfRecord(Target, static (target, value, hint) => new PutRecord(target, Body("v", value), hint))),
        (10, OfRecord(Target, static (target, value, hint) => new CreateRecord(target, Body("v", value), hint))),
        (10, OfRecord(Target, static (target, value, _) => new PatchRecord(target, PatchKind.Shallow, Body("p", value)))),
        (12, OfRecord(Record, static (target, _, hint) => new DeleteRecord(target, hint))),
        (2, Collection.Select<string, Func<BucketModel, Operation>>(static collection => _ => new DeleteRecord(ObjectRef.Collection(collection)))),
        (1, Gen.Const<Func<BucketModel, Operation>>(static _ => new DeleteRecord(ObjectRef.Bucket))),
        (4, OfList(static (list, query, few) => new DeleteRecords(list, query with { Limit = few }))),
        (9, OfRecord(Target, static (target, _, _) => new ReadRecord(target))),
        (15, OfList(static (list, query, _) => new ListRecords(list, query))),
        (5, OfList(static (list, query, _) => new CountRecords(list, query))));

    private static readonly Gen<Func<ModelRun, Task>> Step = Gen.Frequency(
        (36, Operation.Array[1, 4].Select<Func<BucketModel, Operation>[], Func<ModelRun, Task>>(static operations => run => run.RequestAsync(operations))),
        (5, Gen.Select<int, string, int, Func<ModelRun, Task>>(
            Gen.Int[0, ModelRun.Devices - 1], Collection, Gen.Int[1, 19], static (device, collection, limit) => run => run.SynchronizeAsync(device, collection, limit))),
        (5, Gen.Int[1, 4].Select<int, Func<ModelRun, Task>>(static milliseconds => run => run.Pass(TimeSpan.FromMilliseconds(milliseconds)))),
        (1, Gen.Int[-60, 120].Select<int, Func<ModelRun, Task>>(static minutes => run => run.JumpWallClock(TimeSpan.FromMinutes(minutes)))),
        (1, Gen.Const<Func<ModelRun, Task>>(static run => run.EvictOwners())),
        (1, Gen.Const<Func<ModelRun, Task>>(static run => run.FailNextCommit())));

    public static Gen<Func<ModelRun, Task>[]> History { get; } = Step.Array[1, LongestHistory];

    private static Gen<Func<BucketModel, Operation>> OfRecord(Gen<ObjectRef> targets, Func<ObjectRef, int, ServerTimestamp?, Operation> make) =>
        Gen.Select<ObjectRef, int, Func<BucketModel, ServerTimestamp?>, Func<BucketModel, (PreconditionTest Test, ServerTimestamp Value)>, Func<BucketModel, Operation>>(
            targets, Gen.Int[0, 6], Hint, Test, (target, value, hint, test) => model => make(target, value, hint(model)) with
            {
                Precondition = In(PreconditionScope.Record, test(model)),
            });

    private static Gen<Func<BucketModel, Operation>> OfList(Func<ListRef, ListQuery, int, Operation> make) =>
        Gen.Select<ListRef, Func<BucketModel, ListQuery>, FieldFilter[], int, Func<BucketModel, (PreconditionTest Test, ServerTimestamp Value)>, Func<BucketModel, Operation>>(
            List, Query, Fields, Gen.Int[1, 7], Test, (list, query, fields, few, test) => model => make(list, query(model) with { Fields = fields }, few) with
            {
                Precondition = In(PreconditionScope.List, test(model)),
            });

    private static Precondition In(PreconditionScope scope, (PreconditionTest Test, ServerTimestamp Value) test) =>
        test.Test == default ? default : new Precondition(scope, test.Test, test.Value);

    /// <param name="often">How much more often than the others the plain value comes.</param>
    private static Gen<Func<BucketModel, T>> Often<T>(int often, T plain, Gen<Func<BucketModel, T>> others) =>
        Gen.Frequency((often, Gen.Const<Func<BucketModel, T>>(_ => plain)), (1, others));

    private static Gen<Func<BucketModel, ServerTimestamp?>> Optional(Gen<Func<BucketModel, ServerTimestamp>> stamps) =>
        stamps.Select<Func<BucketModel, ServerTimestamp>, Func<BucketModel, ServerTimestamp?>>(static stamp => model => stamp(model));

    private static byte[] Body(string field, int value) => Encoding.UTF8.GetBytes($$"""{"{{field}}":{{value}}}""");
}

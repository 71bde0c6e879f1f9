using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Patches;
using Lockstep.Core.Quotas;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Core.Validation;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>Data that a protocol's rules judge, by what bucket and collection say at the commit.</summary>
public sealed class DataRuleTests
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly BucketId Id = BucketId.DefaultBucket("alice");
    private readonly InMemoryBucketStore store = new();
    private readonly FakeTime time = new();
    private readonly LeastRules rules = new();

    [Fact]
    public async Task Rule_IsReadOnceForManyWrites_AndAnewOnceItsListHasChanged()
    {
        using var buckets = Buckets();
        await PutAsync(buckets, ObjectRef.Collection("tasks"), """{"least":3}""");
        await PutAsync(buckets, Record("a"), """{"n":3}""");
        rules.Reads.Clear();
        for (var i = 0; i < 20; i++)
        {
            Assert.IsType<RecordWritten>(await PutAsync(buckets, Record($"r{i}"), """{"n":3}"""));
            Assert.IsType<Refused>(await PutAsync(buckets, Record($"r{i}"), """{"n":2}"""));
        }

        Assert.Empty(rules.Reads);
        await PutAsync(buckets, ObjectRef.Collection("other"), "{}");
        Assert.IsType<Refused>(await PutAsync(buckets, Record("a"), """{"n":2}"""));
        Assert.Equal([ListRole.Collections], rules.Reads);
    }

    [Fact]
    public async Task Write_IsJudgedByWhatAnotherOwnerHasSaidMeanwhile()
    {
        using var here = Buckets();
        using var there = Buckets();
        await PutAsync(here, ObjectRef.Collection("tasks"), """{"least":1}""");
        Assert.IsType<RecordWritten>(await PutAsync(here, Record("a"), """{"n":2}"""));

        await PutAsync(there, ObjectRef.Collection("tasks"), """{"least":3}""");

        Assert.IsType<Refused>(await PutAsync(here, Record("a"), """{"n":2}"""));
        Assert.IsType<RecordWritten>(await PutAsync(here, Record("a"), """{"n":3}"""));
    }

    [Fact]
    public async Task Bucket_AndCollection_AreBothAsked_AndWhatTheyAddIsWrittenAndAnswered()
    {
        using var buckets = Buckets();
        await PutAsync(buckets, ObjectRef.Bucket, """{"least":1}""");
        var collection = Assert.IsType<RecordWritten>(await PutAsync(buckets, ObjectRef.Collection("tasks"), """{"least":2,"n":1}"""));
        Assert.IsType<Refused>(await PutAsync(buckets, ObjectRef.Collection("tasks"), """{"n":0}"""));
        Assert.IsType<Refused>(await PutAsync(buckets, Record("a"), """{"n":1}"""));

        var written = Assert.IsType<RecordWritten>(await PutAsync(buckets, Record("a"), """{"n":2}"""));

        var expected = $$"""{"n":2,"by":{{collection.Record.Modified}}}""";
        Assert.Equal(expected, Encoding.UTF8.GetString(written.Record.Body.Span));
        var read = Assert.IsType<RecordFound>(await ExecuteAsync(buckets, new ReadRecord(Record("a"))));
        Assert.Equal(expected, Encoding.UTF8.GetString(read.Record.Body.Span));
    }

    [Fact]
    public async Task ObjectThatMayNotSayWhatItSays_IsRefused_AlsoByAPatch()
    {
        using var buckets = Buckets();
        Assert.Equal(LeastRules.NoNumber, await PutAsync(buckets, ObjectRef.Collection("tasks"), """{"least":"3"}"""));
        await PutAsync(buckets, ObjectRef.Collection("tasks"), """{"draft":"3"}""");
        var patch = new PatchRecord(ObjectRef.Collection("tasks"), PatchKind.Operations, """[{"op":"move","from":"/data/draft","path":"/data/least"}]"""u8.ToArray());
        Assert.Equal(LeastRules.NoNumber, await ExecuteAsync(buckets, patch));
    }

    [Fact]
    public async Task Judgement_ThatTakesLong_IsMadeInAPlaceOfItsOwn()
    {
        using var buckets = Buckets();
        await PutAsync(buckets, ObjectRef.Collection("tasks"), """{"least":3}""");

        Assert.IsType<RecordWritten>(await PutAsync(buckets, Record("a"), """{"n":3,"long":true}"""));

        Assert.Equal([true, false], rules.Judged);
    }

    [Fact]
    public async Task Rules_ThatFindNoRoom_AreReadEachTime_AndJudgeAllTheSame()
    {
        using var buckets = Buckets(new BucketOptions { MaxRuleBytes = 500 });
        await PutAsync(buckets, ObjectRef.Collection("tasks"), """{"least":3}""");
        for (var i = 0; i < 3; i++)
        {
            rules.Reads.Clear();
            Assert.IsType<Refused>(await PutAsync(buckets, Record("a"), """{"n":2}"""));
            Assert.Contains(ListRole.Collections, rules.Reads);
        }
    }

    [Fact]
    public async Task Batch_ThatSaysAnewWhatBucketAndCollectionSay_HasEachReadOnce()
    {
        using var buckets = Buckets();
        Operation[] batch =
        [
            Put(ObjectRef.Bucket, """{"least":1}"""), Put(ObjectRef.Collection("tasks"), """{"least":2,"n":1}"""),
            .. Enumerable.Range(0, 10).Select(static i => Put(Record($"r{i}"), """{"n":2}""")),
        ];

        var answer = await buckets.Get(Id).ExecuteAsync(new BucketRequest(Alice, batch), default);

        Assert.All(answer.Outcomes, static outcome => Assert.IsType<RecordWritten>(outcome));
        Assert.Equal([ListRole.Self, ListRole.Collections], rules.Reads);
    }

    /// <summary>Whoever changes rights alone has not written the data that was there before the rule.</summary>
    [Fact]
    public async Task Data_ThatStaysAsItIs_IsNotJudgedAgain()
    {
        using var buckets = Buckets();
        await PutAsync(buckets, ObjectRef.Collection("tasks"), "{}");
        await PutAsync(buckets, Record("a"), """{"n":1}""");
        await PutAsync(buckets, ObjectRef.Collection("tasks"), """{"least":3}""");

        var kept = Assert.IsType<RecordWritten>(await ExecuteAsync(buckets, new PutRecord(Record("a"), Body: null)));
        Assert.Equal("""{"n":1}""", Encoding.UTF8.GetString(kept.Record.Body.Span));
        Assert.IsType<RecordWritten>(await ExecuteAsync(buckets, new PatchRecord(Record("a"), PatchKind.Merge, "{}"u8.ToArray())));
        Assert.Empty(rules.Judged);

        Assert.IsType<Refused>(await PutAsync(buckets, Record("a"), """{"n":1}"""));
        Assert.IsType<Refused>(await ExecuteAsync(buckets, new PatchRecord(Record("a"), PatchKind.Merge, """{"n":2}"""u8.ToArray())));
        Assert.IsType<Refused>(await ExecuteAsync(buckets, new PutRecord(Record("b"), Body: null)));
    }

    /// <summary>The rule's stamp makes it larger than it was.</summary>
    [Fact]
    public async Task Data_ThatIsNoLargerAsItWasSent_IsTaken_AlsoWhereTheRuleAddsToIt_AndThereIsNoRoom()
    {
        using var buckets = Buckets(new BucketOptions { Quotas = new QuotaOptions { CollectionBytes = 10 } });
        await PutAsync(buckets, ObjectRef.Collection("tasks"), "{}");
        await PutAsync(buckets, Record("a"), """{"n":1234}""");
        await PutAsync(buckets, ObjectRef.Collection("tasks"), """{"least":3}""");

        Assert.IsType<RecordWritten>(await PutAsync(buckets, Record("a"), """{"n":1235}"""));
        Assert.IsType<OverQuota>(await PutAsync(buckets, Record("b"), """{"n":3}"""));
    }

    [Fact]
    public async Task Rules_AreTold_WhatTheRequestHasTakenBefore()
    {
        using var buckets = Buckets();
        await PutAsync(buckets, ObjectRef.Collection("tasks"), """{"least":1}""");
        await buckets.Get(Id).ExecuteAsync(new BucketRequest(Alice, [Put(Record("a"), """{"n":2}"""), Put(Record("b"), """{"n":2}""")]), default);
        await PutAsync(buckets, Record("c"), """{"n":2}""");

        Assert.Equal([1, 2, 1], rules.Spent);
    }

    [Fact]
    public async Task Rules_AreTold_HowMuchIsRemembered()
    {
        using var buckets = Buckets(new BucketOptions { MaxRuleBytes = 8_000 });
        await PutAsync(buckets, ObjectRef.Collection("tasks"), """{"least":3}""");

        Assert.Equal(2_000 - 300, rules.MaxSize);
    }

    private InProcessBuckets Buckets(BucketOptions? options = null) => new(store, options ?? new BucketOptions(), time, rules: rules);

    private static ObjectRef Record(string id) => ObjectRef.Record("tasks", id);

    private static ValueTask<Outcome> PutAsync(InProcessBuckets buckets, ObjectRef target, string body) =>
        ExecuteAsync(buckets, Put(target, body));

    private static PutRecord Put(ObjectRef target, string body) => new(target, Encoding.UTF8.GetBytes(body));

    private static async ValueTask<Outcome> ExecuteAsync(InProcessBuckets buckets, Operation operation) =>
        (await buckets.Get(Id).ExecuteAsync(new BucketRequest(Alice, [operation]), default)).Outcomes[0];

    /// <summary>The member <c>least</c> of a bucket or collection is the least <c>n</c> of what lies in it; the collection's adds its stamp.</summary>
    private sealed class LeastRules : IDataRules
    {
        public static readonly Refused NoNumber = new("body", "least", "is no number");

        public ConcurrentQueue<ListRole> Reads { get; } = new();

        public ConcurrentQueue<bool> Judged { get; } = new();

        public ConcurrentQueue<long> Spent { get; } = new();

        public long MaxSize { get; private set; }

        public Refused? Refuse(ListRole role, ReadOnlyMemory<byte> data, long maxSize, CancellationToken givenUp)
        {
            MaxSize = maxSize;
            return Member(data, "least") is { ValueKind: not JsonValueKind.Number } ? NoNumber : null;
        }

        public IDataRule? Read(ListRole role, ReadOnlyMemory<byte> data, long maxSize, CancellationToken givenUp)
        {
            Reads.Enqueue(role);
            return Member(data, "least") is { } least ? new LeastRule(this, role, least.GetInt32()) : null;
        }

        private static JsonElement? Member(ReadOnlyMemory<byte> data, string name) =>
            JsonDocument.Parse(data).RootElement.TryGetProperty(name, out var value) ? value : null;

        private sealed class LeastRule(LeastRules rules, ListRole role, int least) : IDataRule
        {
            public long Size => 100;

            public DataVerdict? Judge(ObjectRef target, ReadOnlyMemory<byte> data, ServerTimestamp said, bool briefly, JudgedWork judged, CancellationToken givenUp)
            {
                rules.Judged.Enqueue(briefly);
                judged.Add(1);
                rules.Spent.Enqueue(judged.Spent);
                if (briefly && Member(data, "long") is not null)
                {
                    return null;
                }

                return Member(data, "n") is { } n && n.GetInt32() >= least
                    ? new DataVerdict(null, role == ListRole.Collections ? Encoding.UTF8.GetBytes($"{Encoding.UTF8.GetString(data.Span)[..^1]},\"by\":{said}}}") : data)
                    : new DataVerdict(new Refused("body", "n", $"is less than {least}"), data);
            }
        }
    }
}

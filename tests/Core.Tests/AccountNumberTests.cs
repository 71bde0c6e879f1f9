using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

/// <summary>Who has an account's name, and who has the account.</summary>
public sealed class AccountNumberTests
{
    private static readonly ObjectRef Milk = ObjectRef.Record("tasks", "milk");
    private readonly FakeTime time = new();
    private readonly InMemoryBucketStore store = new();
    private readonly InProcessBuckets buckets;
    private readonly BucketId id = BucketId.Named("shopping");

    public AccountNumberTests() => buckets = new InProcessBuckets(store, new BucketOptions(), time);

    [Fact]
    public async Task Bucket_OfTheLaterAccountOfAName_IsNotTheFormerOnes()
    {
        await MakeAsync(Alice(9));

        foreach (var operation in new Operation[]
        {
            new ReadRecord(Milk), new ReadRecord(ObjectRef.Bucket), new ListRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 10 }),
            new CountRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 10 }), new PutRecord(Milk, "{}"u8.ToArray()), new DeleteRecord(Milk),
            new DeleteRecord(ObjectRef.Bucket), new PutRecord(ObjectRef.Bucket, "{}"u8.ToArray()),
        })
        {
            Assert.Equal(Forbidden.Instance, await ExecuteAsync(Alice(7), operation));
        }

        Assert.IsType<RecordFound>(await ExecuteAsync(Alice(9), new ReadRecord(Milk)));
    }

    [Fact]
    public async Task Bucket_AskedForByAProgramThatNamesNoNumber_IsTheNames()
    {
        await MakeAsync(Alice(9));

        Assert.IsType<RecordFound>(await ExecuteAsync(Alice(0), new ReadRecord(Milk)));
    }

    [Fact]
    public async Task BucketWithoutANumber_IsTheNames_UnlessItIsOlderThanTheAccount()
    {
        await MakeAsync(Alice(0));
        var made = ((RecordFound)await ExecuteAsync(Alice(0), new ReadRecord(ObjectRef.Bucket))).Record.Modified;

        Assert.IsType<RecordFound>(await ExecuteAsync(Alice(7), new ReadRecord(Milk)));
        Assert.IsType<RecordFound>(await ExecuteAsync(Alice(7, since: made), new ReadRecord(Milk)));
        Assert.Equal(Forbidden.Instance, await ExecuteAsync(Alice(9, since: made.Plus(1)), new ReadRecord(Milk)));
    }

    [Fact]
    public async Task Bucket_DeletedAndMadeAnewByAnother_IsTheirs()
    {
        await MakeAsync(Alice(7));
        Assert.IsType<RecordDeleted>(await ExecuteAsync(Alice(7), new DeleteRecord(ObjectRef.Bucket)));

        await MakeAsync(Alice(9));

        Assert.Equal(9, (await store.LoadAsync(id, claim: false, default))!.AuthorNumber);
        Assert.Equal(Forbidden.Instance, await ExecuteAsync(Alice(7), new ReadRecord(Milk)));
    }

    [Fact]
    public async Task ClosingAnAccount_KeepsTheServerItselfFromNothing()
    {
        await MakeAsync(Alice(7));
        store.Close(7);

        Assert.Equal(AccountClosed.Instance, await ExecuteAsync(Alice(7), new PutRecord(Milk, "{}"u8.ToArray())));
        Assert.IsType<RecordDeleted>(await ExecuteAsync(
            new Caller(Alice(7).Principals, BucketAccess.System), new DeleteRecord(ObjectRef.Bucket)));
    }

    private static Caller Alice(long number, ServerTimestamp since = default) =>
        new(new("account:alice") { Account = new AccountRef(number, since) }, BucketAccess.ByAcl);

    private async Task MakeAsync(Caller caller)
    {
        Assert.IsType<RecordWritten>(await ExecuteAsync(caller, new PutRecord(ObjectRef.Bucket, "{}"u8.ToArray())));
        Assert.IsType<RecordWritten>(await ExecuteAsync(caller, new PutRecord(ObjectRef.Collection("tasks"), "{}"u8.ToArray())));
        Assert.IsType<RecordWritten>(await ExecuteAsync(caller, new PutRecord(Milk, "{}"u8.ToArray())));
    }

    private async Task<Outcome> ExecuteAsync(Caller caller, Operation operation) =>
        (await buckets.Get(id).ExecuteAsync(new BucketRequest(caller, [operation]), default)).Outcomes[0];
}

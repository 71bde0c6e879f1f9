using Lockstep.Core.Buckets;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

public sealed class CreateRecordTests
{
    private static readonly BucketId Id = BucketId.DefaultBucket("alice");
    private readonly InProcessBuckets buckets = new(new InMemoryBucketStore(), new BucketOptions(), new FakeTime());

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GeneratedId_ThatWasEverUsed_IsReplaced(bool isDeleted)
    {
        foreach (var used in new[] { ObjectRef.Record("tasks", "used"), ObjectRef.Collection("used") })
        {
            Assert.IsType<RecordWritten>(await ExecuteAsync(new PutRecord(used, "{}"u8.ToArray())));
            if (isDeleted)
            {
                Assert.IsType<RecordDeleted>(await ExecuteAsync(new DeleteRecord(used)));
            }

            var before = await ExecuteAsync(new ReadRecord(used));
            var made = Assert.IsType<RecordWritten>(await ExecuteAsync(new CreateRecord(used, "[]"u8.ToArray()) { HasGeneratedId = true }));

            Assert.True(made.Created);
            Assert.True(made.Created);
            Assert.NotEqual("used", made.Record.Id);
            Assert.Equal(before, await ExecuteAsync(new ReadRecord(used)));
            Assert.Equal(new RecordFound(made.Record), await ExecuteAsync(new ReadRecord(used with { Id = made.Record.Id })));
        }
    }

    [Fact]
    public async Task GeneratedId_UsedEarlierInTheTurn_IsReplaced()
    {
        var target = ObjectRef.Record("tasks", "same");
        var create = new CreateRecord(target, "{}"u8.ToArray()) { HasGeneratedId = true };

        var response = await buckets.Get(Id).ExecuteAsync(new BucketRequest(new Caller(new("account:alice"), BucketAccess.Own), [create, create]), default);

        var made = response.Outcomes.Select(outcome => Assert.IsType<RecordWritten>(outcome).Record.Id).ToList();
        Assert.Equal("same", made[0]);
        Assert.NotEqual("same", made[1]);
    }

    [Fact]
    public async Task GeneratedId_ThatIsFree_IsKept_AndAClientsIdIsNeverReplaced()
    {
        var target = ObjectRef.Record("tasks", "a");
        var made = Assert.IsType<RecordWritten>(await ExecuteAsync(new CreateRecord(target, "{}"u8.ToArray()) { HasGeneratedId = true }));
        Assert.Equal("a", made.Record.Id);
        Assert.Equal(new RecordKept(made.Record), await ExecuteAsync(new CreateRecord(target, "[]"u8.ToArray())));
    }

    private async ValueTask<Outcome> ExecuteAsync(Operation operation) =>
        (await buckets.Get(Id).ExecuteAsync(new BucketRequest(new Caller(new("account:alice"), BucketAccess.Own), [operation]), default)).Outcomes[0];
}

using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.History;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Patches;
using Lockstep.Core.Records;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>That a record names no file that may be removed, whoever does what to it. Each store inherits it.</summary>
public abstract class FileContract
{
    private static readonly Caller Alice = new(new("account:alice"), BucketAccess.Own);
    private static readonly ListRef Files = ListRef.FilesOf("tasks");
    private static readonly ObjectRef Milk = ObjectRef.Record("tasks", "milk");
    private static int buckets;

    private readonly FakeTime time = new();
    private readonly BucketId id = BucketId.DefaultBucket($"files{Interlocked.Increment(ref buckets)}");

    protected abstract IBucketStore Store { get; }

    [Fact]
    public async Task Attach_MakesTheRecord_AndItsFileIsKept()
    {
        using var owners = Owners();

        var written = Assert.IsType<RecordWritten>(await AttachAsync(owners, "f1", """{"a":1,"file":{"id":"f1"}}""", bytes: 5_000_000_000));

        Assert.True(written.Created);
        Assert.Equal("""{"a":1,"file":{"id":"f1"}}""", Text(written.Record));
        Assert.False(await IsReleasedAsync(owners, "f1"));
        var list = (await Store.LoadAsync(id, claim: false, default))![Files];
        Assert.Equal((1, 5_000_000_000), (list.Count, list.Bytes));
    }

    [Fact]
    public async Task Attach_ToARecordThatIsThere_KeepsWhatElseItSays_AndReplacesItsFile()
    {
        using var owners = Owners();
        await AttachAsync(owners, "f1", """{"a":1,"b":2,"file":{"id":"f1"}}""", bytes: 100);

        var written = Assert.IsType<RecordWritten>(await AttachAsync(owners, "f2", """{"b":3,"file":{"id":"f2"}}""", bytes: 7));

        Assert.False(written.Created);
        Assert.Equal("""{"a":1,"b":3,"file":{"id":"f2"}}""", Text(written.Record));
        Assert.Equal(7, (await Store.LoadAsync(id, claim: false, default))![Files].Bytes);
        Assert.True(await IsReleasedAsync(owners, "f1"));
        Assert.False(await IsReleasedAsync(owners, "f2"));
    }

    [Fact]
    public async Task Attach_ThatOnlyAsks_WritesNothing()
    {
        using var owners = Owners();

        Assert.IsType<CountFound>(await ExecuteAsync(owners, new AttachFile(Milk, Body("{}"), 1_000)));
        Assert.IsType<PreconditionFailed>(await ExecuteAsync(
            owners, new AttachFile(Milk, Body("{}"), 1_000) { Precondition = new Precondition(PreconditionScope.Record, PreconditionTest.MustExist) }));

        Assert.IsType<Missing>(await ExecuteAsync(owners, new ReadRecord(Milk)));
    }

    /// <summary>It may be collected by then.</summary>
    [Fact]
    public async Task Attach_AfterItsTime_IsRefused()
    {
        using var owners = Owners();

        Assert.IsType<Unavailable>(await ExecuteAsync(owners, Attach("f1", """{"file":{"id":"f1"}}""", 1) with { Until = ServerTimestamp.Now(time).Plus(-1) }));

        Assert.IsType<Missing>(await ExecuteAsync(owners, new ReadRecord(Milk)));
    }

    [Theory]
    [InlineData("""{"file":{"id":"f1","size":1}}""", true)]
    [InlineData("""{"more":1,"file":{ "size":1, "id":"f1" }}""", true)]
    [InlineData("""{"file":null}""", true)]
    [InlineData("{}", true)]
    [InlineData("""{"file":{"id":"f1","size":2}}""", false)]
    [InlineData("""{"file":{"id":"f2","size":1}}""", false)]
    [InlineData("""{"file":{"other":1}}""", false)]
    public async Task Put_MaySayOfAFile_WhatIsSo_AndNothingElse(string body, bool isTaken)
    {
        using var owners = Owners();
        await AttachAsync(owners, "f1", """{"file":{"id":"f1","size":1}}""", bytes: 1);

        var put = await ExecuteAsync(owners, new PutRecord(Milk, Body(body)));
        Assert.Equal(isTaken, put is RecordWritten);
        Assert.Equal(!isTaken, put is Invalid { Reason: InvalidReason.FileOfOther });

        // What is another record's is nobody else's.
        Assert.Equal(isTaken && !body.Contains("f1", StringComparison.Ordinal), await ExecuteAsync(owners, new PutRecord(ObjectRef.Record("tasks", "eggs"), Body(body))) is RecordWritten);
    }

    /// <summary>As of a record that was taken over from another server, or has a use of its own for the word.</summary>
    [Fact]
    public async Task Put_OfARecordThatSpokeOfAFileBefore_MayGoOnToSayTheSame()
    {
        using var owners = Owners();
        var eggs = ObjectRef.Record("tasks", "eggs");
        await ExecuteAsync(owners, new PutRecord(eggs, Body("""{"n":1,"file":{"url":"elsewhere","size":1}}""")));
        await AttachAsync(owners, "f1", """{"file":{"id":"f1"}}""", bytes: 1);

        Assert.IsType<RecordWritten>(await ExecuteAsync(owners, new PatchRecord(eggs, PatchKind.Shallow, Body("""{"n":2}"""))));
        Assert.IsType<RecordWritten>(await ExecuteAsync(owners, new PutRecord(eggs, Body("""{"n":3,"file":{"size":1.0,"url":"elsewhere"}}"""))));

        Assert.IsType<Invalid>(await ExecuteAsync(owners, new PatchRecord(eggs, PatchKind.Shallow, Body("""{"file":{"url":"other"}}"""))));
        Assert.IsType<Invalid>(await ExecuteAsync(owners, new PutRecord(ObjectRef.Record("tasks", "bread"), Body("""{"file":{"url":"elsewhere","size":1}}"""))));
        Assert.IsType<RecordWritten>(await ExecuteAsync(owners, new PutRecord(eggs, Body("{}"))));
        Assert.IsType<Invalid>(await ExecuteAsync(owners, new PutRecord(eggs, Body("""{"file":{"url":"elsewhere","size":1}}"""))));
    }

    [Fact]
    public async Task Restore_BringsBackWhatWasSaidOfAForeignFile_AndNoNameOfAnotherRecordsFile()
    {
        using var owners = Owners();
        var eggs = ObjectRef.Record("tasks", "eggs");
        await AttachAsync(owners, "f1", """{"file":{"id":"f1"}}""", bytes: 1);

        Assert.IsType<RecordWritten>(await ExecuteAsync(owners, new PutRecord(eggs, Body("""{"file":{"url":"elsewhere"}}""")) { IsRestored = true }));
        Assert.IsType<Invalid>(await ExecuteAsync(owners, new PutRecord(eggs, Body("""{"file":{"id":"f1"}}""")) { IsRestored = true }));
    }

    /// <summary>It would count for no quota.</summary>
    [Fact]
    public async Task File_ThatIsNamed_InACollectionThatWasMadeAnew_IsReleased()
    {
        using var owners = Owners();
        await AttachAsync(owners, "f1", """{"file":{"id":"f1"}}""", bytes: 100);
        await ExecuteAsync(owners, new DeleteRecord(ObjectRef.Collection("tasks")));
        await ExecuteAsync(owners, new PutRecord(ObjectRef.Collection("tasks"), Body("{}")));
        await ExecuteAsync(owners, new PutRecord(Milk, Body("""{"file":{"id":"f1"}}""")));

        Assert.True(await IsReleasedAsync(owners, "f1"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task File_ThatItsRecordNamesNoMore_IsReleased_AndCannotBeNamedAgain(bool isDeleted)
    {
        using var owners = Owners();
        await AttachAsync(owners, "f1", """{"file":{"id":"f1"}}""", bytes: 100);
        await ExecuteAsync(owners, isDeleted ? new DeleteRecord(Milk) : new PatchRecord(Milk, PatchKind.Shallow, Body("""{"file":null}""")));

        // It counts for no quota from then on.
        Assert.Equal(0, (await Store.LoadAsync(id, claim: false, default))![Files].Bytes);
        Assert.True(await IsReleasedAsync(owners, "f1"));
        Assert.IsType<Invalid>(await ExecuteAsync(owners, new PutRecord(Milk, Body("""{"file":{"id":"f1"}}"""))));
        Assert.True(await IsReleasedAsync(owners, "f1"));
    }

    [Fact]
    public async Task Files_OfACollectionOrABucketThatIsDeleted_AreReleased()
    {
        using var owners = Owners();
        foreach (var gone in new[] { ObjectRef.Collection("tasks"), ObjectRef.Bucket })
        {
            await AttachAsync(owners, "f1", """{"file":{"id":"f1"}}""", bytes: 100);
            Assert.IsType<RecordDeleted>(await ExecuteAsync(owners, new DeleteRecord(gone)));
            Assert.True(await IsReleasedAsync(owners, "f1"));
        }
    }

    [Fact]
    public async Task File_ThatAnEarlierStateNames_IsKept_UntilThatIsForgotten()
    {
        using var owners = new InProcessBuckets(
            Store, new BucketOptions { History = new HistoryOptions { MaxBytes = 20_000 } }, time, history: new PlainHistoryForm(), files: new PlainFileNames());
        await AttachAsync(owners, "f1", """{"file":{"id":"f1"}}""", bytes: 100);
        await ExecuteAsync(owners, new DeleteRecord(Milk));

        Assert.False(await IsReleasedAsync(owners, "f1"));
        Assert.IsType<RecordWritten>(await ExecuteAsync(owners, new PutRecord(Milk, Body("""{"file":{"id":"f1"}}"""))));

        await ExecuteAsync(owners, new DeleteRecord(Milk));
        for (var i = 0; i < 60; i++)
        {
            await ExecuteAsync(owners, new PutRecord(ObjectRef.Record("tasks", "eggs"), Body($$"""{"n":"{{new string('x', 1_000)}}"}""")));
        }

        Assert.True(await IsReleasedAsync(owners, "f1"));
    }

    /// <summary>An owner that was away for a while does not know what there is by now.</summary>
    [Fact]
    public async Task Release_ByAnOwnerThatIsOneNoMore_IsJudgedByWhatThereIs()
    {
        using var late = Owners();
        await ExecuteAsync(late, new PutRecord(ObjectRef.Record("tasks", "eggs"), Body("{}")));
        using var owners = Owners();
        await AttachAsync(owners, "f1", """{"file":{"id":"f1"}}""", bytes: 100);

        Assert.False(await IsReleasedAsync(late, "f1"));
        Assert.True(await IsReleasedAsync(late, "f2"));
    }

    private InProcessBuckets Owners() => new(Store, new BucketOptions(), time, files: new PlainFileNames());

    private AttachFile Attach(string file, string body, long bytes) =>
        new(Milk, Body(body), 1_000) { File = file, FileBytes = bytes, Until = ServerTimestamp.Now(time).Plus(1_000) };

    private ValueTask<Outcome> AttachAsync(InProcessBuckets owners, string file, string body, long bytes) => ExecuteAsync(owners, Attach(file, body, bytes));

    private async ValueTask<bool> IsReleasedAsync(InProcessBuckets owners, string file) =>
        Assert.IsType<CountFound>((await owners.Get(id).ExecuteAsync(new BucketRequest(Caller.System, [new ReleaseFile(Files, file, "milk")]), default)).Outcomes[0]).Count == 1;

    private async ValueTask<Outcome> ExecuteAsync(InProcessBuckets owners, Operation operation) =>
        (await owners.Get(id).ExecuteAsync(new BucketRequest(Alice, [operation]), default)).Outcomes[0];

    private static string Text(StoredRecord record) => Encoding.UTF8.GetString(record.Body.Span);

    private static ReadOnlyMemory<byte> Body(string json) => Encoding.UTF8.GetBytes(json);
}

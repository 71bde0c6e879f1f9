using Lockstep.Core.Buckets;
using Lockstep.Core.Push;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What every <see cref="IPushStore"/> must do. Each engine inherits it.</summary>
public abstract class PushStoreContract
{
    private const int Most = 10;

    protected abstract IPushStore Store { get; }

    [Fact]
    public async Task Subscription_IsFoundAsItWasStored_AndReplacedAsAWhole()
    {
        var first = New(NewName(), "phone");
        var second = first with
        {
            Bucket = BucketId.DefaultBucket("other"), Collection = "", Path = "/buckets/default", Endpoint = "https://b.example/2", PublicKey = "q", AuthSecret = "b", Modified = new(2_000), Told = new(7), Due = new(8), Tries = 9,
        };

        Assert.Null(await Store.FindAsync(first.Owner, first.Id, default));
        Assert.Equal(PushChange.Done, await Store.PutAsync(first, ServerTimestamp.Zero, Most, default));
        Assert.Equal(first, await Store.FindAsync(first.Owner, first.Id, default));
        Assert.Equal(PushChange.Done, await Store.PutAsync(second, first.Modified, Most, default));
        Assert.Equal(second, await Store.FindAsync(first.Owner, first.Id, default));
    }

    [Fact]
    public async Task Put_OfOneThatIsNotAsItWasRead_ChangesNothing()
    {
        var stored = await PutAsync(New(NewName(), "phone"));

        Assert.Equal(PushChange.ReadAgain, await Store.PutAsync(stored with { Path = "/other", Modified = new(2_000) }, ServerTimestamp.Zero, Most, default));
        Assert.Equal(PushChange.ReadAgain, await Store.PutAsync(stored with { Path = "/other", Modified = new(2_000) }, new ServerTimestamp(999), Most, default));
        Assert.Equal(PushChange.ReadAgain, await Store.PutAsync(New(stored.Owner, "gone"), new ServerTimestamp(999), Most, default));
        Assert.Equal([stored], await Store.ListAsync(stored.Owner, default));
    }

    [Fact]
    public async Task Put_BeyondTheMost_IsFull_AndReplacingIsNot()
    {
        var owner = NewName();
        await PutAsync(New(owner, "a"));
        var last = await PutAsync(New(owner, "b"));

        Assert.Equal(PushChange.Full, await Store.PutAsync(New(owner, "c"), ServerTimestamp.Zero, 2, default));
        Assert.Equal(PushChange.Done, await Store.PutAsync(last with { Modified = new(2_000) }, last.Modified, 2, default));
        Assert.Equal(PushChange.Done, await Store.PutAsync(New(NewName(), "c"), ServerTimestamp.Zero, 2, default));
        Assert.Equal(["a", "b"], (await Store.ListAsync(owner, default)).Select(static one => one.Id));
    }

    [Fact]
    public async Task List_OfBuckets_HasThoseAboutThem_PageByPage()
    {
        var (one, other, neither) = (BucketId.Named(NewName()), BucketId.DefaultBucket(NewName()), BucketId.Named(NewName()));
        var expected = new List<PushSubscription>();
        foreach (var owner in new[] { NewName(), NewName() }.Order(StringComparer.Ordinal))
        {
            expected.Add(await PutAsync(New(owner, "A") with { Bucket = one }));
            expected.Add(await PutAsync(New(owner, "a") with { Bucket = other }));
            await PutAsync(New(owner, "b") with { Bucket = neither });
            expected.Add(await PutAsync(New(owner, "c") with { Bucket = one }));
        }

        var found = new List<PushSubscription>();
        PushSubscription? last = null;
        while (await Store.ListAsync([other, one], last, 2, default) is { Count: > 0 } page)
        {
            Assert.InRange(page.Count, 1, 2);
            found.AddRange(page);
            last = page[^1];
        }

        Assert.Equal(expected, found);
        Assert.Empty(await Store.ListAsync([BucketId.Named(NewName())], after: null, 10, default));
        Assert.Empty(await Store.ListAsync([], after: null, 10, default));
    }

    [Fact]
    public async Task Note_ByManyWhoReadTheSame_IsDoneByOne()
    {
        var read = await PutAsync(New(NewName(), "phone"));
        var next = read with { Told = new(500), Due = new(600), Tries = 1 };

        var done = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await Store.NoteAsync(read, next, default))));

        Assert.Single(done, static one => one);
        Assert.Equal(next, await Store.FindAsync(read.Owner, read.Id, default));
    }

    [Fact]
    public async Task Note_OfOneThatWasPutAgainOrRemoved_ChangesNothing()
    {
        var read = await PutAsync(New(NewName(), "phone"));
        var again = read with { Modified = new(2_000) };
        await Store.PutAsync(again, read.Modified, Most, default);

        Assert.False(await Store.NoteAsync(read, read with { Told = new(500) }, default));
        Assert.False(await Store.RemoveAsync(read, default));
        Assert.Equal(again, await Store.FindAsync(read.Owner, read.Id, default));
        Assert.True(await Store.RemoveAsync(again with { Told = new(77) }, default));
        Assert.False(await Store.NoteAsync(again, again with { Told = new(500) }, default));
        Assert.Null(await Store.FindAsync(read.Owner, read.Id, default));
    }

    [Fact]
    public async Task RemoveAll_RemovesThoseOfTheUser_AndNoOthers()
    {
        var (owner, other) = (NewName(), NewName());
        await PutAsync(New(owner, "a"));
        await PutAsync(New(owner, "b"));
        var kept = await PutAsync(New(other, "a"));

        await Store.RemoveAllAsync(owner, default);

        Assert.Empty(await Store.ListAsync(owner, default));
        Assert.Equal([kept], await Store.ListAsync(other, default));
    }

    [Fact]
    public async Task Purge_RemovesThoseThatNobodyPutSince_AFewAtATime()
    {
        var owner = NewName();
        var kept = await PutAsync(New(owner, "kept") with { Modified = new(100) });
        foreach (var (id, i) in new[] { "a", "b", "c" }.Select(static (id, i) => (id, i)))
        {
            await PutAsync(New(owner, id) with { Modified = new(10 + i) });
        }

        Assert.True(await Store.PurgeAsync(kept.Modified, 2, default));
        Assert.False(await Store.PurgeAsync(kept.Modified, 2, default));
        Assert.Equal([kept], await Store.ListAsync(owner, default));
    }

    private static string NewName() => "account:a" + Guid.NewGuid().ToString("N") + "#7";

    private static PushSubscription New(string owner, string id) => new()
    {
        Owner = owner,
        Id = id,
        Bucket = BucketId.Named("b"),
        Collection = "tasks",
        Path = "/buckets/b/collections/tasks",
        Endpoint = "https://push.example/1",
        PublicKey = "p",
        AuthSecret = "a",
        Modified = new ServerTimestamp(1_000),
        Told = new ServerTimestamp(400),
        Due = new ServerTimestamp(300),
    };

    private async Task<PushSubscription> PutAsync(PushSubscription subscription)
    {
        Assert.Equal(PushChange.Done, await Store.PutAsync(subscription, ServerTimestamp.Zero, Most, default));
        return subscription;
    }
}

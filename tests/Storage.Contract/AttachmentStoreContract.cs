using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What every <see cref="IAttachmentStore"/> must do. Each engine inherits it.</summary>
public abstract class AttachmentStoreContract
{
    private static int files;

    // Of this test alone: files are listed by when they came.
    private readonly ServerTimestamp came = new(1_000_000L * Interlocked.Increment(ref files));

    protected abstract IAttachmentStore Store { get; }

    [Fact]
    public async Task File_IsFoundOnceItIsWhole_AsItWasSaid()
    {
        var file = New("a");
        await Store.AddAsync(file, default);
        Assert.Null(await Store.FindAsync(file.Id, default));
        Assert.Contains(file, await ListAsync());

        await Store.EndAsync(file.Id, 5_000_000_000, "abc", default);

        var whole = file with { Size = 5_000_000_000, Hash = "abc" };
        Assert.Equal(whole, await Store.FindAsync(file.Id, default));
        Assert.Contains(whole, await ListAsync());

        await Store.RemoveAsync(file.Id, default);
        await Store.RemoveAsync(file.Id, default);
        Assert.Null(await Store.FindAsync(file.Id, default));
        Assert.DoesNotContain(await ListAsync(), one => one.Id == file.Id);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await Store.EndAsync(file.Id, 1, "abc", default));
        Assert.Null(await Store.FindAsync(file.Id, default));
    }

    [Fact]
    public async Task List_HasThoseThatWaitLongest_AndNoneThatWereLookedAtSince()
    {
        var some = new[] { New("a"), New("b", 1), New("c", 2), New("d", 3) };
        foreach (var file in some.Reverse())
        {
            await Store.AddAsync(file, default);
        }

        Assert.Equal(some[..2], (await ListAsync()).Where(file => some.Contains(file)).Take(2));
        Assert.DoesNotContain(some[3], await Store.ListAsync(came.Plus(3), 1_000, default));

        await Store.MarkAsync([some[0].Id, some[2].Id], came.Plus(50), default);
        await Store.MarkAsync([some[2].Id], came.Plus(51), default);
        await Store.MarkAsync([], came, default);

        Assert.Equal([some[1], some[3]], (await Store.ListAsync(came.Plus(50), 1_000, default)).Where(file => some.Contains(file)));
        Assert.Equal([some[1], some[3], some[0], some[2]], (await ListAsync()).Where(file => some.Contains(file)));
        foreach (var file in some)
        {
            await Store.RemoveAsync(file.Id, default);
        }
    }

    private async Task<IReadOnlyList<Attachment>> ListAsync() => await Store.ListAsync(new ServerTimestamp(long.MaxValue), 1_000, default);

    private Attachment New(string name, long later = 0) => new($"{name}{came}", BucketId.Named("team"), "tasks", "milk", came.Plus(later)) { FileName = "ä b.txt", MediaType = "text/plain" };
}

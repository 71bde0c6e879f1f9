using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

public sealed class AttachmentSweepTests : IAttachmentStore, IAttachmentContent, IBuckets, IBucket
{
    private static readonly BucketId Broken = BucketId.Named("broken");
    private readonly List<string> left = [];
    private readonly List<string> marked = [];
    private readonly List<int> asked = [];
    private readonly List<Attachment> files = [];

    [Fact]
    public async Task ABucketAndAFileThatFail_AreLookedAtLater_AndHoldUpNoOthers()
    {
        files.AddRange([New("a", Broken), New("bad", BucketId.Named("b")), New("c", BucketId.Named("b")), New("d", BucketId.Named("d"))]);
        left.AddRange(files.Select(static file => file.Id));

        await Assert.ThrowsAsync<StoreUnavailableException>(() => Sweep().StepAsync(default));

        Assert.Equal(["a", "bad"], left);
        Assert.Equal(["a", "bad"], marked);
    }

    [Fact]
    public async Task Owner_IsAskedOfFewFilesAtATime()
    {
        files.AddRange(Enumerable.Range(0, 45).Select(static i => New($"f{i}", BucketId.Named("b"))));

        Assert.Equal(45, await Sweep().StepAsync(default));

        Assert.Equal([20, 20, 5], asked);
    }

    private AttachmentSweep Sweep() => new(this, this, this, TimeSpan.FromDays(1), new FakeTime());

    private static Attachment New(string id, BucketId bucket) => new(id, bucket, "tasks", "milk", new ServerTimestamp(1)) { FileName = "a", MediaType = "text/plain" };

    IBucket IBuckets.Get(BucketId id) => id == Broken ? throw new NotSupportedException("A silo of an earlier version.") : this;

    ValueTask<BucketResponse> IBucket.ExecuteAsync(BucketRequest request, CancellationToken cancellationToken)
    {
        asked.Add(request.Operations.Count);
        return new(BucketResponse.Uniform(request, new CountFound(1, ServerTimestamp.Zero)));
    }

    ValueTask<IReadOnlyList<Attachment>> IAttachmentStore.ListAsync(ServerTimestamp before, int limit, CancellationToken cancellationToken) => new(files);

    ValueTask IAttachmentStore.MarkAsync(IReadOnlyCollection<string> ids, ServerTimestamp now, CancellationToken cancellationToken)
    {
        marked.AddRange(ids);
        return default;
    }

    ValueTask IAttachmentStore.RemoveAsync(string id, CancellationToken cancellationToken)
    {
        left.Remove(id);
        return default;
    }

    ValueTask IAttachmentContent.RemoveAsync(string id, CancellationToken cancellationToken) =>
        id == "bad" ? throw new StoreUnavailableException("It cannot be removed.") : default;

    ValueTask IAttachmentStore.AddAsync(Attachment attachment, CancellationToken cancellationToken) => throw new NotSupportedException();

    ValueTask IAttachmentStore.EndAsync(string id, long size, string hash, CancellationToken cancellationToken) => throw new NotSupportedException();

    ValueTask<Attachment?> IAttachmentStore.FindAsync(string id, CancellationToken cancellationToken) => throw new NotSupportedException();

    ValueTask IAttachmentContent.AppendAsync(string id, int number, ReadOnlyMemory<byte> piece, CancellationToken cancellationToken) => throw new NotSupportedException();

    ValueTask IAttachmentContent.EndAsync(string id, CancellationToken cancellationToken) => throw new NotSupportedException();

    ValueTask<ReadOnlyMemory<byte>?> IAttachmentContent.ReadAsync(string id, int number, CancellationToken cancellationToken) => throw new NotSupportedException();
}

using Lockstep.Core.Attachments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What every <see cref="IAttachmentContent"/> must do. Each place where files can lie inherits it.</summary>
public abstract class AttachmentContentContract
{
    protected abstract IAttachmentContent Content { get; }

    /// <summary>Where files are noted before there is anything in them; null where that is elsewhere.</summary>
    protected virtual IAttachmentStore? Files => null;

    [Fact]
    public async Task Content_IsThereAsItWasWritten_PieceByPiece()
    {
        var (one, other) = (New(), New());
        var (first, second) = (Bytes(IAttachmentContent.PieceBytes, 1), Bytes(3, 2));

        foreach (var id in Files is null ? [] : new[] { one, other })
        {
            await Files!.AddAsync(new Attachment(id, BucketId.Named("team"), "tasks", "milk", new ServerTimestamp(long.MaxValue / 2)) { FileName = "a", MediaType = "text/plain" }, default);
        }

        await Content.AppendAsync(one, 0, first, default);
        await Content.AppendAsync(other, 0, second, default);
        await Content.AppendAsync(one, 1, second, default);
        await Content.EndAsync(one, default);
        await Content.EndAsync(New(), default);

        Assert.Equal(first, (await Content.ReadAsync(one, 0, default))!.Value.ToArray());
        Assert.Equal(second, (await Content.ReadAsync(one, 1, default))!.Value.ToArray());
        Assert.Null(await Content.ReadAsync(one, 2, default));
        Assert.Null(await Content.ReadAsync(New(), 0, default));

        await Content.RemoveAsync(one, default);
        await Content.RemoveAsync(one, default);
        Assert.Null(await Content.ReadAsync(one, 0, default));
        Assert.Equal(second, (await Content.ReadAsync(other, 0, default))!.Value.ToArray());
    }

    private static string New() => $"{Guid.NewGuid():N}{Guid.NewGuid():N}"[..48];

    private static byte[] Bytes(int length, byte value)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, value);
        return bytes;
    }
}

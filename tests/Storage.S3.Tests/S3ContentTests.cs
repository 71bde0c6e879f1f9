using Lockstep.Core.Attachments;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Storage.S3.Tests;

/// <summary>Files in a bucket of an S3 server.</summary>
public sealed class S3ContentTests(S3Server server) : AttachmentContentContract, IClassFixture<S3Server>, IDisposable
{
    private readonly List<Exception> faults = [];
    private S3Content? content;

    protected override IAttachmentContent Content => content ??= Open(server.Location);

    [Fact]
    public async Task Bytes_OfAFile_AreCounted_AndOnlyItsOwn()
    {
        using var files = Open(server.Location);
        await files.AppendAsync("abc", 0, new byte[IAttachmentContent.PieceBytes], default);
        await files.AppendAsync("abc", 1, new byte[3], default);
        await files.AppendAsync("abcd", 0, new byte[5], default);

        Assert.Equal(IAttachmentContent.PieceBytes + 3, await files.CountBytesAsync("abc", default));
        Assert.Equal(0, await files.CountBytesAsync("ab", default));

        await files.RemoveAsync("abc", default);
        Assert.Equal(0, await files.CountBytesAsync("abc", default));
        Assert.Equal(5, await files.CountBytesAsync("abcd", default));
    }

    [Fact]
    public async Task Piece_WrittenAgain_IsTheLatter()
    {
        using var files = Open(server.Location);
        await files.AppendAsync("again", 0, new byte[9], default);
        await files.AppendAsync("again", 0, new byte[] { 1, 2 }.AsMemory(1), default);

        Assert.Equal([2], (await files.ReadAsync("again", 0, default))!.Value.ToArray());
    }

    [Fact]
    public async Task Store_ThatRefusesTheSecret_IsAway_AndTheSecretIsNotSaid()
    {
        using var files = Open(server.Location with { Secret = "another-that-nobody-may-log" });

        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await files.AppendAsync("refused", 0, new byte[1], default));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await files.ReadAsync("refused", 0, default));

        Assert.Equal(2, faults.Count);
        Assert.All(faults, static fault =>
        {
            Assert.StartsWith("Files of records cannot be read or written in the S3 bucket 'files': ", fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("nobody-may-log", fault.ToString(), StringComparison.Ordinal);
        });
        Assert.DoesNotContain("nobody-may-log", server.Location.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bucket_ThatIsNotThere_IsNoMissingPiece()
    {
        using var files = Open(server.Location with { Bucket = "others" });

        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await files.ReadAsync("abc", 0, default));
        Assert.Contains("'others'", Assert.Single(faults).Message, StringComparison.Ordinal);
    }

    public void Dispose() => content?.Dispose();

    private S3Content Open(S3Location location) => new(location, faults.Add);
}

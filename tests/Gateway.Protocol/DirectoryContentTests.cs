using Lockstep.Core.Attachments;
using Lockstep.Silo.Hosting;
using Lockstep.Storage.Contract;

namespace Lockstep.Gateway.Protocol;

public sealed class DirectoryContentTests : AttachmentContentContract, IDisposable
{
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("lockstep-files-");

    protected override IAttachmentContent Content => DirectoryContent.Open(directory.FullName);

    [Fact]
    public void Directory_ThatCannotBeMade_IsAProblemOfTheSettings()
    {
        var file = Path.Combine(directory.FullName, "file");
        File.WriteAllText(file, "");

        Assert.StartsWith($"Kinto:Attachments:Directory '{file}' cannot be used: ", Assert.Throws<SettingsException>(() => DirectoryContent.Open(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task End_OfAFile_MakesItsNameDurable_BehindItsBytes_AndThoseOfItsDirectories()
    {
        const string Id = "0123456789";
        var (root, flushed) = (Path.Combine(directory.FullName, "new", "files"), new List<string>());
        var content = DirectoryContent.Open(root + "/", flushed.Add);
        Assert.Equal([Path.Combine(directory.FullName, "new"), directory.FullName], flushed);
        flushed.Clear();

        await content.AppendAsync(Id, 0, new byte[] { 1, 2, 3 }, CancellationToken.None);
        Assert.Empty(flushed);
        await content.EndAsync(Id, CancellationToken.None);

        Assert.Equal([Path.Combine(root, Id[..2]), root], flushed);
    }

    [Fact]
    public void Names_OfADirectoryThatIsNotThere_CannotBeFlushed() => Assert.Throws<IOException>(() => DirectoryNames.Flush(Path.Combine(directory.FullName, "none")));

    public void Dispose() => directory.Delete(recursive: true);
}

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

    public void Dispose() => directory.Delete(recursive: true);
}

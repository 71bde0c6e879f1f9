namespace Lockstep.EndToEnd;

/// <summary>A directory of its own, gone when disposed.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("lockstep-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

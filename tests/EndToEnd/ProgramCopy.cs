namespace Lockstep.EndToEnd;

/// <summary>A copy of the program that logs as a test wants it: levels are set in the file beside it only.</summary>
internal static class ProgramCopy
{
    /// <param name="directory">Where to; it is there.</param>
    /// <param name="settings">The text of <c>appsettings.json</c>.</param>
    public static async Task MakeAsync(string directory, string settings)
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(directory, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        await File.WriteAllTextAsync(Path.Combine(directory, "appsettings.json"), settings);
    }
}

using System.Text.Json;

namespace Lockstep.Inventory;

/// <summary>Reads what NuGet's restore has written of the program's packages (<c>project.assets.json</c>).</summary>
internal static class Assets
{
    private static readonly string[] KindsOfCode = ["runtime", "native", "runtimeTargets"];

    /// <summary>Finds what is shipped: packages that bring code for the program, and .NET's own. Analyzers and the like bring none.</summary>
    /// <param name="file">The program's <c>project.assets.json</c>, restored for the runtime.</param>
    /// <param name="runtime">The kind of machine: <c>linux-x64</c>.</param>
    /// <exception cref="InvalidDataException">It was restored for another runtime, or a package is not there or names no licence.</exception>
    public static Inventoried Read(string file, string runtime)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        var root = document.RootElement;
        var target = root.GetProperty("targets").EnumerateObject().FirstOrDefault(target => target.Name.EndsWith($"/{runtime}", StringComparison.Ordinal));
        if (target.Value.ValueKind is not JsonValueKind.Object)
        {
            throw new InvalidDataException($"{file} is not restored for {runtime}. Run: dotnet restore src/Silo -p:PublishProfile={runtime}");
        }

        var folders = root.GetProperty("packageFolders").EnumerateObject().Select(static folder => folder.Name).ToList();
        var shipped = target.Value.EnumerateObject().Where(static library => library.Value.GetProperty("type").ValueEquals("package") && BringsCode(library.Value)).ToList();
        var names = shipped.Select(static library => library.Name.Split('/')[0]).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var components = shipped
            .Select(library => Read(library.Name.Split('/')[0], library.Name.Split('/')[1], folders, [.. DependenciesOf(library.Value).Where(names.Contains)]))
            .Concat(Runtimes(root, runtime).Select(pack => Read(pack.Name, pack.Version, folders, [])))
            .OrderBy(static component => component.Name, StringComparer.Ordinal)
            .ToList();
        var direct = target.Value.EnumerateObject().Where(static library => library.Value.GetProperty("type").ValueEquals("project")).SelectMany(static library => DependenciesOf(library.Value))
            .Concat(root.GetProperty("project").GetProperty("frameworks").EnumerateObject().SelectMany(static framework => framework.Value.GetProperty("dependencies").EnumerateObject()).Select(static dependency => dependency.Name))
            .Where(names.Contains).Concat(components.Where(static component => component.IsRuntime).Select(static component => component.Name))
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return new(root.GetProperty("project").GetProperty("version").GetString()!, direct, components);
    }

    private static bool BringsCode(JsonElement library) => KindsOfCode
        .Any(kind => library.TryGetProperty(kind, out var files) && files.EnumerateObject().Any(static file => !file.Name.EndsWith("/_._", StringComparison.Ordinal)));

    private static IEnumerable<string> DependenciesOf(JsonElement library) =>
        library.TryGetProperty("dependencies", out var dependencies) ? dependencies.EnumerateObject().Select(static dependency => dependency.Name) : [];

    /// <summary>.NET and ASP.NET Core, which are in the program's file.</summary>
    private static IEnumerable<(string Name, string Version)> Runtimes(JsonElement root, string runtime) =>
        from framework in root.GetProperty("project").GetProperty("frameworks").EnumerateObject()
        where framework.Value.TryGetProperty("downloadDependencies", out _)
        from pack in framework.Value.GetProperty("downloadDependencies").EnumerateArray()
        let name = pack.GetProperty("name").GetString()!
        where name.EndsWith($".App.Runtime.{runtime}", StringComparison.Ordinal)
        select (name, pack.GetProperty("version").GetString()!.Trim('[', ']').Split(',')[0]);

    private static Component Read(string name, string version, List<string> folders, IReadOnlyList<string> dependsOn)
    {
        // NuGet's folders have lower-case names.
#pragma warning disable CA1308
        var (folder, id) = (Path.Combine(name.ToLowerInvariant(), version.ToLowerInvariant()), name.ToLowerInvariant());
#pragma warning restore CA1308
        var directory = folders.Select(root => Path.Combine(root, folder)).FirstOrDefault(Directory.Exists) ?? throw new InvalidDataException($"{name} {version} is not restored. Run: dotnet restore src/Silo");
        var sha512 = Convert.FromBase64String(File.ReadAllText(Directory.EnumerateFiles(directory, "*.nupkg.sha512").Single()));
        return new(name, version, directory, Nuspec.Read(Path.Combine(directory, $"{id}.nuspec")), Convert.ToHexStringLower(sha512), dependsOn);
    }
}

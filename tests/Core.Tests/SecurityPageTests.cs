using System.Text.RegularExpressions;

namespace Lockstep.Core.Tests;

/// <summary>What SECURITY.md and THIRD-PARTY-NOTICES.txt say is there.</summary>
public sealed partial class SecurityPageTests
{
    private static readonly string Source = FindSource();

    [Fact]
    public void Claim_OfTheThreatModel_NamesTestsThatExist()
    {
        var rows = File.ReadLines(Path.Combine(Source, "SECURITY.md"))
            .SkipWhile(static line => !line.StartsWith("| Who | Might try to |", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(static line => line.StartsWith('|')).ToList();
        var tests = Directory.EnumerateFiles(Path.Combine(Source, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToLookup(static file => Path.GetFileNameWithoutExtension(file), File.ReadAllText, StringComparer.Ordinal);

        Assert.InRange(rows.Count, 20, int.MaxValue);
        Assert.All(rows, row =>
        {
            var named = NameOfTest().Matches(row.Split(" | ")[^1]);
            Assert.NotEmpty(named);
            Assert.All(named, test => Assert.Contains(
                tests[test.Groups["class"].Value], text => text.Contains($" {test.Groups["method"].Value}(", StringComparison.Ordinal)));
        });
    }

    [Fact]
    public void Notices_HaveEachPackageThatIsShipped()
    {
        var notices = File.ReadLines(Path.Combine(Source, "THIRD-PARTY-NOTICES.txt")).ToHashSet(StringComparer.Ordinal);

        // What the program is run with here is what it is published with.
        Assert.All(ShippedPackages(), package => Assert.True(
            notices.Any(line => line.StartsWith($"{package}: ", StringComparison.OrdinalIgnoreCase)), $"THIRD-PARTY-NOTICES.txt lacks {package}. Run packaging/notices."));
    }

    /// <summary>The packages that the program's own list of what it loads names.</summary>
    private static List<string> ShippedPackages()
    {
        using var document = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "lockstep.deps.json")));
        var packages = document.RootElement.GetProperty("targets").EnumerateObject().SelectMany(static target => target.Value.EnumerateObject())
            .Where(static library => library.Value.TryGetProperty("runtime", out _) || library.Value.TryGetProperty("runtimeTargets", out _)).Select(static library => library.Name).ToHashSet(StringComparer.Ordinal);
        var found = document.RootElement.GetProperty("libraries").EnumerateObject()
            .Where(library => library.Value.GetProperty("type").ValueEquals("package") && packages.Contains(library.Name)).Select(static library => library.Name.Replace('/', ' ')).ToList();
        Assert.InRange(found.Count, 20, int.MaxValue);
        return found;
    }

    private static string FindSource()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Cluster.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("The tests are not run from a folder of the source.");
        }

        return directory.FullName;
    }

    [GeneratedRegex("`(?<class>[A-Za-z0-9]+)\\.(?<method>[A-Za-z0-9_]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NameOfTest();
}

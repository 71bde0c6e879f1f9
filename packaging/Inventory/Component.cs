namespace Lockstep.Inventory;

/// <summary>A package of somebody else's that is part of the program.</summary>
/// <param name="Name">As in its source: <c>Npgsql</c>.</param>
/// <param name="Version">Of the package.</param>
/// <param name="Directory">Where it lies unpacked.</param>
/// <param name="Description">What it says of itself.</param>
/// <param name="Sha512">Of the package's file, in hexadecimal.</param>
/// <param name="DependsOn">The names of the parts that it needs.</param>
internal sealed record Component(string Name, string Version, string Directory, Nuspec Description, string Sha512, IReadOnlyList<string> DependsOn)
{
    /// <summary>Package URL: github.com/package-url/purl-spec.</summary>
    public string Purl => $"pkg:nuget/{Name}@{Version}";

    /// <summary>Whether it is .NET itself, whose version comes with the SDK and not from this source.</summary>
    public bool IsRuntime => Name.Contains(".App.Runtime.", StringComparison.Ordinal);
}

using System.Xml.Linq;

namespace Lockstep.Inventory;

/// <summary>What a package says of itself.</summary>
/// <param name="Licence">An SPDX identifier; null where it brings a text of its own.</param>
/// <param name="LicenceFile">The text that it brings in place of an identifier.</param>
/// <param name="Copyright">Whose it is; its authors where it does not say.</param>
/// <param name="Url">Its page; null for none.</param>
internal sealed record Nuspec(string? Licence, string? LicenceFile, string Copyright, string? Url)
{
    /// <exception cref="InvalidDataException">It names no licence.</exception>
    public static Nuspec Read(string file)
    {
        var metadata = XDocument.Load(file).Root!.Elements().Single(static element => element.Name.LocalName is "metadata");
        string? Text(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value.Trim() is { Length: > 0 } text ? text : null;
        var licence = metadata.Elements().FirstOrDefault(static element => element.Name.LocalName is "license") ?? throw new InvalidDataException($"{file} names no licence. Look it up, and say it in packaging/Inventory.");
        var isFile = licence.Attribute("type")?.Value is "file";
        return new(isFile ? null : licence.Value.Trim(), isFile ? licence.Value.Trim() : null, Text("copyright") ?? $"Copyright {Text("authors")}", Text("projectUrl"));
    }
}

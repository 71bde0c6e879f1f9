using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lockstep.Inventory;

/// <summary>A bill of materials of one package, the same for the same package.</summary>
/// <remarks>CycloneDX 1.6, in JSON: cyclonedx.org/docs/1.6/json.</remarks>
internal static class BillOfMaterials
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Of(Inventoried inventoried, string package)
    {
        var hash = SHA256.HashData(File.ReadAllBytes(package));
        var self = $"pkg:generic/lockstep@{inventoried.Version}";
        var purls = inventoried.Components.ToDictionary(static component => component.Name, static component => component.Purl, StringComparer.OrdinalIgnoreCase);
        var bill = new JsonObject
        {
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.6",
            // Of the package, so that another package has another one, and the same package the same.
            ["serialNumber"] = $"urn:uuid:{new Guid(hash.AsSpan(0, 16), bigEndian: true)}",
            ["version"] = 1,
            ["metadata"] = new JsonObject
            {
                ["component"] = new JsonObject
                {
                    ["type"] = "application",
                    ["bom-ref"] = self,
                    ["name"] = "lockstep",
                    ["version"] = inventoried.Version,
                    ["description"] = Path.GetFileName(package),
                    ["hashes"] = Hashes("SHA-256", Convert.ToHexStringLower(hash)),
                    ["licenses"] = new JsonArray(new JsonObject { ["license"] = new JsonObject { ["id"] = "Apache-2.0" } }),
                    ["purl"] = self,
                },
            },
            ["components"] = new JsonArray([.. inventoried.Components.Select(Entry)]),
            ["dependencies"] = new JsonArray(
            [
                Needs(self, inventoried.Direct.Select(name => purls[name])),
                .. inventoried.Components.Select(component => Needs(component.Purl, component.DependsOn.Select(name => purls[name]))),
            ]),
        };
        if (Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH") is { Length: > 0 } seconds)
        {
            bill["metadata"]!["timestamp"] = DateTimeOffset.FromUnixTimeSeconds(long.Parse(seconds, CultureInfo.InvariantCulture)).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        }

        return bill.ToJsonString(Indented) + "\n";
    }

    private static JsonNode Entry(Component component) => new JsonObject
    {
        ["type"] = component.IsRuntime ? "framework" : "library",
        ["bom-ref"] = component.Purl,
        ["name"] = component.Name,
        ["version"] = component.Version,
        ["scope"] = "required",
        ["hashes"] = Hashes("SHA-512", component.Sha512),
        ["licenses"] = new JsonArray(new JsonObject { ["license"] = component.Description.Licence is { } id ? new JsonObject { ["id"] = id } : LicenceText(component) }),
        ["copyright"] = component.Description.Copyright,
        ["purl"] = component.Purl,
    };

    private static JsonObject LicenceText(Component component) => new()
    {
        ["name"] = component.Description.LicenceFile,
        ["text"] = new JsonObject { ["contentType"] = "text/plain", ["content"] = File.ReadAllText(Path.Combine(component.Directory, component.Description.LicenceFile!), Encoding.UTF8).ReplaceLineEndings("\n").Trim() },
    };

    private static JsonNode Needs(string purl, IEnumerable<string> others) =>
        new JsonObject { ["ref"] = purl, ["dependsOn"] = new JsonArray([.. others.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(static other => JsonValue.Create(other))]) };

    private static JsonArray Hashes(string algorithm, string content) => new(new JsonObject { ["alg"] = algorithm, ["content"] = content });
}

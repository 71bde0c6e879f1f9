using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Lockstep.Bench;

/// <summary>Makes an export of many accounts out of that of one: the same lines for each, with another name in them. <c>docs/operations/export.md</c> describes the lines.</summary>
internal sealed class ScaleFile
{
    private readonly string header;
    private readonly List<string> account = [];
    private readonly List<string> bucket = [];
    private readonly string model;

    /// <param name="model">The account that was exported.</param>
    /// <param name="lines">What was exported of it.</param>
    private ScaleFile(string model, IReadOnlyList<string> lines)
    {
        this.model = model;
        var first = JsonNode.Parse(lines[0])!.AsObject();
        first.Remove("account");
        header = first.ToJsonString();
        foreach (var line in lines.Skip(1).SkipLast(1))
        {
            (bucket.Count > 0 || TypeOf(line) == "bucket" ? bucket : account).Add(line);
        }
    }

    /// <summary>The name of an account that is made.</summary>
    public static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"u{number:D8}");

    /// <param name="arguments">The account, the file that has it, the file to be made, the first number, how many, and whether each has its buckets.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var file = new ScaleFile(arguments[0], await File.ReadAllLinesAsync(arguments[1], cancellationToken));
        await using var output = File.Create(arguments[2]);
        await file.WriteAsync(output, Number(arguments[3]), Number(arguments[4]), withBuckets: bool.Parse(arguments[5]), cancellationToken);
    }

    private async Task WriteAsync(Stream output, int first, int count, bool withBuckets, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await output.WriteAsync(Encoding.UTF8.GetBytes(header + "\n"), cancellationToken);
        List<string>[] parts = withBuckets ? [account, bucket] : [account];
        foreach (var part in parts)
        {
            for (var number = first; number < first + count; number++)
            {
                foreach (var line in part)
                {
                    var bytes = Encoding.UTF8.GetBytes(line.Replace(model, NameOf(number), StringComparison.Ordinal) + "\n");
                    hash.AppendData(bytes);
                    await output.WriteAsync(bytes, cancellationToken);
                }
            }
        }

        var end = new JsonObject
        {
            ["t"] = "end",
            ["accounts"] = (long)count * account.Count(static line => TypeOf(line) == "account"),
            ["stores"] = 0,
            ["quotas"] = 0,
            ["buckets"] = withBuckets ? (long)count * bucket.Count(static line => TypeOf(line) == "bucket") : 0,
            ["records"] = withBuckets ? (long)count * bucket.Count(static line => TypeOf(line) == "record") : 0,
            ["files"] = 0,
            ["sha256"] = Convert.ToHexStringLower(hash.GetHashAndReset()),
        };
        await output.WriteAsync(Encoding.UTF8.GetBytes(end.ToJsonString() + "\n"), cancellationToken);
    }

    private static string TypeOf(string line) => JsonNode.Parse(line)!["t"]!.GetValue<string>();

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}

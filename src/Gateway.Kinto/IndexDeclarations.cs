using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;
using Lockstep.Core.Validation;

namespace Lockstep.Gateway.Kinto;

/// <summary>
/// The fields of its records that a collection wants indexed: the member <c>indexes</c> of its data, an array of field names, nested with dots. Not in Kinto.
/// </summary>
/// <param name="most">The maximal number of indexes of a collection.</param>
public sealed class IndexDeclarations(int most) : IFieldDeclarations
{
    /// <summary>The member.</summary>
    public const string Field = "indexes";

    // Characters of a path.
    private const int MaxPath = 255;

    public FieldDeclaration Read(ReadOnlyMemory<byte> data)
    {
        // Most collections declare none, and need not be parsed.
        if (data.Span.IndexOf("\"indexes\""u8) < 0 && !data.Span.Contains((byte)'\\'))
        {
            return FieldDeclaration.None;
        }

        using var document = JsonText.ParseAgain(data);
        if (!document.RootElement.TryGetProperty(Field, out var indexes))
        {
            return FieldDeclaration.None;
        }

        if (indexes.ValueKind != JsonValueKind.Array || indexes.EnumerateArray().Any(static one => one.ValueKind != JsonValueKind.String))
        {
            return Refuse("should be a list of names of fields");
        }

        if (indexes.GetArrayLength() > most)
        {
            return Refuse($"may name {most} fields");
        }

        string[] paths = [.. indexes.EnumerateArray().Select(JsonText.Decode)];
        return Array.Find(paths, static path => path.Length > MaxPath || path.Split('.').Contains("") || !IsText(path)) is { } bad
            ? Refuse($"\"{bad}\" is no name of a field, of at most {MaxPath} characters")
            : Array.Find(paths, static path => path is "id" or "last_modified" or "deleted") is { } own ? Refuse($"{own} needs no index")
            : paths.Distinct(StringComparer.Ordinal).Count() < paths.Length ? Refuse("names a field twice")
            : new FieldDeclaration(null, paths);
    }

    /// <summary>Whether each engine can store it. Zero cannot be stored, nor an unpaired surrogate, which is read as the replacement character.</summary>
    private static bool IsText(string path) => path.EnumerateRunes().All(static rune => rune.Value is not (0 or 0xFFFD));

    private static FieldDeclaration Refuse(string reason) => new(new Refused("body", $"data.{Field}", reason), []);
}

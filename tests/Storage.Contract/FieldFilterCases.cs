using System.Text;
using System.Text.Json;
using Lockstep.Core.Lists;

namespace Lockstep.Storage.Contract;

/// <summary>What filters on fields let through, as data: the same for each engine and for who comes by HTTP.</summary>
public static class FieldFilterCases
{
    private static readonly JsonDocument Document = Read();

    /// <summary>Values in their order, the smallest first.</summary>
    public static IReadOnlyList<string> Order { get; } = [.. Document.RootElement.GetProperty("order").EnumerateArray().Select(static value => value.GetString()!)];

    /// <summary>Those of them that are equal.</summary>
    public static IReadOnlyList<(string A, string B)> Equal { get; } =
        [.. Document.RootElement.GetProperty("equal").EnumerateArray().Select(static pair => (pair[0].GetString()!, pair[1].GetString()!))];

    /// <summary>Bodies by their ids, in the order of these.</summary>
    public static IReadOnlyList<(string Id, ReadOnlyMemory<byte> Body)> Records { get; } =
        [.. Document.RootElement.GetProperty("records").EnumerateObject().Select(static record => (record.Name, (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(record.Value.GetRawText())))];

    /// <summary>A parameter of a list, the filter that it is, and the ids of those records that pass.</summary>
    public static IReadOnlyList<(string Parameter, FieldFilter Filter, string Ids)> All { get; } =
        [.. Document.RootElement.GetProperty("cases").EnumerateArray().Select(static row => (
            row[0].GetString()!, new FieldFilter(row[1].GetString()!, Enum.Parse<FieldTest>(row[2].GetString()!), row[3].GetString()!), row[4].GetString()!))];

    private static JsonDocument Read()
    {
        using var stream = typeof(FieldFilterCases).Assembly.GetManifestResourceStream("Lockstep.Storage.Contract.FieldFilterCases.json")!;
        return JsonDocument.Parse(stream);
    }
}

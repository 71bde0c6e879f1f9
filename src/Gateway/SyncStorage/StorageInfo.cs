using System.Text.Json;
using Lockstep.Core.Outcomes;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>Writes what <c>info/…</c> says about a storage.</summary>
public static class StorageInfo
{
    private const int Kilobyte = 1024;

    /// <summary><c>{"bookmarks":1.50}</c>: when each collection was written last.</summary>
    public static void WriteTimes(Utf8JsonWriter writer, ListsFound found) => WriteEach(writer, found, static (writer, list) => writer.WriteRawValue(SyncTime.Text(list.Stamp)));

    /// <summary><c>{"bookmarks":2}</c>: records.</summary>
    public static void WriteCounts(Utf8JsonWriter writer, ListsFound found) => WriteEach(writer, found, static (writer, list) => writer.WriteNumberValue(list.Count));

    /// <summary><c>{"bookmarks":0.5}</c>: kilobytes of payloads.</summary>
    public static void WriteUsage(Utf8JsonWriter writer, ListsFound found) => WriteEach(writer, found, static (writer, list) => writer.WriteNumberValue(Kilobytes(list.Bytes)));

    /// <summary><c>[1.5,2048000]</c>: kilobytes of payloads, and how many there may be; <c>null</c> for no limit.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="found">The collections.</param>
    /// <param name="quota">Bytes; null for no limit.</param>
    public static void WriteQuota(Utf8JsonWriter writer, ListsFound found, long? quota)
    {
        writer.WriteStartArray();
        writer.WriteNumberValue(Kilobytes(found.Lists.Sum(static list => list.Bytes)));
        if (quota is { } limit)
        {
            writer.WriteNumberValue(Kilobytes(limit));
        }
        else
        {
            writer.WriteNullValue();
        }

        writer.WriteEndArray();
    }

    /// <summary>The collections that have records. Mozilla's servers leave out the others, except for their times.</summary>
    public static ListsFound Filled(ListsFound found) => found with { Lists = [.. found.Lists.Where(static list => list.Count > 0)] };

    /// <summary>Exact: a 1024th has ten decimals.</summary>
    public static decimal Kilobytes(long bytes) => (decimal)bytes / Kilobyte;

    private static void WriteEach(Utf8JsonWriter writer, ListsFound found, Action<Utf8JsonWriter, ListSummary> write)
    {
        writer.WriteStartObject();
        foreach (var list in found.Lists)
        {
            writer.WritePropertyName(list.Name);
            write(writer, list);
        }

        writer.WriteEndObject();
    }
}

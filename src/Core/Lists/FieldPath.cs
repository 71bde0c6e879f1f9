using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Lists;

/// <summary>Finds a field of a record's data by the names on the way to it.</summary>
internal static class FieldPath
{
    /// <param name="document">The data; null for none.</param>
    /// <param name="path">The names, from the outside to the inside.</param>
    /// <returns>The value; undefined if there is no such field.</returns>
    public static JsonElement Find(ParsedJson? document, string[] path)
    {
        var data = document?.RootElement ?? default;
        foreach (var name in path)
        {
            if (data.ValueKind != JsonValueKind.Object || !data.TryGetProperty(name, out data))
            {
                return default;
            }
        }

        return data;
    }
}

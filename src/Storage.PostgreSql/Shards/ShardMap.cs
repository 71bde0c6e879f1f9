using System.Globalization;
using Lockstep.Core.Buckets;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>
/// The database of each virtual shard. Stored as text, each range with its database: <c>0-511=0 512-1023=1</c>.
/// </summary>
internal sealed class ShardMap
{
    private readonly int[] databases;

    private ShardMap(int[] databases, string text)
    {
        this.databases = databases;
        Text = text;
        Databases = databases.Max() + 1;
    }

    public int Databases { get; }

    /// <summary>The stored form, which is also compared.</summary>
    public string Text { get; }

    /// <summary>The number of the bucket's database.</summary>
    public int this[BucketId id] => databases[VirtualShards.Of(id)];

    /// <summary>Gives each database the same number of shards, some of them one more.</summary>
    public static ShardMap Even(int databases)
    {
        var map = new int[VirtualShards.Count];
        for (var shard = 0; shard < map.Length; shard++)
        {
            map[shard] = shard * databases / map.Length;
        }

        return new ShardMap(map, string.Join(' ', Ranges(map).Select(static range => $"{range.Shards}={range.Database}")));
    }

    /// <exception cref="FormatException">A shard is in no database or in two, or a database has none.</exception>
    public static ShardMap Parse(string text)
    {
        var map = Enumerable.Repeat(-1, VirtualShards.Count).ToArray();
        foreach (var part in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=') is not [var range, var name]
                || range.Split('-') is not [var first, .. var rest] || rest.Length > 1
                || !TryRead(first, out var from) || !TryRead(rest is [var last] ? last : first, out var to) || !TryRead(name, out var database))
            {
                throw new FormatException($"'{part}' is no range of shards with its database.");
            }

            for (var shard = from; shard <= to; shard++)
            {
                map[shard] = map[shard] == -1 ? database : throw new FormatException($"Shard {shard} is in two databases.");
            }
        }

        var missing = Array.IndexOf(map, -1);
        return missing >= 0 ? throw new FormatException($"Shard {missing} is in no database.")
            : map.Distinct().Count() <= map.Max() ? throw new FormatException("A database has no shard.")
            : new ShardMap(map, text);
    }

    /// <summary>The shards of a database, for people.</summary>
    public string ShardsOf(int database) =>
        string.Join(", ", Ranges(databases).Where(range => range.Database == database).Select(static range => range.Shards));

    private static bool TryRead(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < VirtualShards.Count;

    private static IEnumerable<(string Shards, int Database)> Ranges(int[] map)
    {
        for (int first = 0, next; first < map.Length; first = next)
        {
            next = first;
            while (next < map.Length && map[next] == map[first])
            {
                next++;
            }

            yield return (next == first + 1 ? $"{first}" : $"{first}-{next - 1}", map[first]);
        }
    }
}

using System.Buffers;
using System.Collections;
using System.Text.Json;

namespace Lockstep.Core.Json;

/// <summary>
/// The items of an array that changes. They lie in chunks, so that one that comes or goes moves those of its chunk and not all
/// that follow.
/// </summary>
internal sealed class JsonItems : IEnumerable<JsonTree>
{
    private const int ChunkLength = 1024;

    private readonly List<List<JsonTree>> chunks = [];

    /// <param name="source">An array.</param>
    public JsonItems(JsonElement source)
    {
        foreach (var item in source.EnumerateArray())
        {
            if (Count % ChunkLength == 0)
            {
                chunks.Add([]);
            }

            chunks[^1].Add(new JsonTree(item));
            Count++;
        }
    }

    public int Count { get; private set; }

    /// <summary>Chunks: what it takes to find a place.</summary>
    public int ChunkCount => chunks.Count;

    public JsonTree this[int index]
    {
        get
        {
            var (chunk, offset) = Find(index);
            return chunks[chunk][offset];
        }
    }

    /// <param name="index">From 0 to the count.</param>
    /// <param name="item">Comes before what is there now.</param>
    public void Insert(int index, JsonTree item)
    {
        if (chunks.Count == 0)
        {
            chunks.Add([]);
        }

        var (place, offset) = Find(index);
        var chunk = chunks[place];
        chunk.Insert(offset, item);
        Count++;
        if (chunk.Count > 2 * ChunkLength)
        {
            chunks.Insert(place + 1, chunk.GetRange(ChunkLength, chunk.Count - ChunkLength));
            chunk.RemoveRange(ChunkLength, chunk.Count - ChunkLength);
        }
    }

    public void RemoveAt(int index)
    {
        var (chunk, offset) = Find(index);
        chunks[chunk].RemoveAt(offset);
        Count--;
        if (chunks[chunk].Count == 0)
        {
            chunks.RemoveAt(chunk);
        }
    }

    public void Write(IBufferWriter<byte> output, JsonWork work, int depth)
    {
        output.Write("["u8);
        var first = true;
        foreach (var item in this)
        {
            if (!first)
            {
                output.Write(","u8);
            }

            first = false;
            work.Spend();
            item.Write(output, work, depth);
        }

        output.Write("]"u8);
    }

    public IEnumerator<JsonTree> GetEnumerator() => chunks.SelectMany(static chunk => chunk).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <returns>The chunk, and the place in it; that behind the last item for an index that is the count.</returns>
    private (int Chunk, int Offset) Find(int index)
    {
        var chunk = 0;
        while (index >= chunks[chunk].Count && chunk < chunks.Count - 1)
        {
            index -= chunks[chunk++].Count;
        }

        return (chunk, index);
    }
}

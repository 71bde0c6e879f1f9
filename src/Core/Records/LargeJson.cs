using System.Text.Json;
using Lockstep.Core.Work;

namespace Lockstep.Core.Records;

/// <summary>
/// Takes large texts apart, each on a thread of its own. The framework writes what it finds into a rented array, and into one twice as long
/// each time that is full. The pool keeps one array of each length for each thread that ever gave one back, and more for each processor, for longer than a
/// minute and through full collections: some 60 MB a thread for a text of 3 MB. What the pool keeps for a thread ends with the thread.
/// </summary>
internal static class LargeJson
{
    // The framework begins with no more than this, unless the text is longer than that.
    private const int MostPooled = 1 << 20;
    private const int MostBegun = 4 << 20;

    /// <summary>Whether the framework would rent more than a mebibyte for it.</summary>
    public static bool Is(ReadOnlySpan<byte> json) =>
        json.Length > MostBegun || (json.Length >= JsonWeight.Short && JsonWeight.BytesARow * JsonWeight.RowsOf(json) > MostPooled);

    /// <returns>What <paramref name="parse"/> returns. It is not to be disposed of: the pool would keep its array.</returns>
    /// <exception cref="JsonException">That of <paramref name="parse"/>.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, Func<ReadOnlyMemory<byte>, JsonDocument> parse) =>
        LongWork.RunAsync("large-json", () => parse(json)).GetAwaiter().GetResult();
}

using System.Diagnostics.Metrics;

namespace Lockstep.Core.Metering;

/// <summary>
/// Counts by one tag that has a few values. All of them are told from the start, as zero: who watches a counter that begins
/// with its first event does not see that event, and here that may be the only one.
/// </summary>
public sealed class TaggedCounter
{
    private readonly KeyValuePair<string, object?>[] tags;
    private readonly long[] counts;

    /// <param name="tag">The tag's name.</param>
    /// <param name="values">Its values; <see cref="Add"/> names them by their place.</param>
    public TaggedCounter(string tag, params ReadOnlySpan<string> values)
    {
        tags = new KeyValuePair<string, object?>[values.Length];
        counts = new long[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            tags[i] = new KeyValuePair<string, object?>(tag, values[i]);
        }
    }

    public void Add(int value) => Interlocked.Increment(ref counts[value]);

    public IEnumerable<Measurement<long>> Read()
    {
        for (var i = 0; i < counts.Length; i++)
        {
            yield return new Measurement<long>(Volatile.Read(ref counts[i]), tags[i]);
        }
    }
}

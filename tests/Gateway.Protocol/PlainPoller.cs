namespace Lockstep.Gateway.Protocol;

/// <summary>
/// The simplest reader of a list that there is: keeps what it was told, asks with the last ETag. An empty answer with a newer ETag means
/// to it that what it has may be wrong: it forgets that, and asks on.
/// </summary>
public sealed class PlainPoller(KintoClient client, string list)
{
    private readonly SortedSet<string> ids = new(StringComparer.Ordinal);
    private long? last;

    /// <summary>How often it was told to.</summary>
    public int StartsOver { get; private set; }

    /// <returns>What it has then, in order.</returns>
    public async Task<IReadOnlyList<string>> PollAsync()
    {
        while (true)
        {
            var answer = await client.GetAsync(last is { } since ? $"{list}?_since={since}" : list);
            Assert.Equal(200, answer.Status);
            Assert.True(last is null || answer.Stamp >= last, $"time went back from {last} to {answer.Stamp}");
            var startsOver = last is not null && answer.Stamp > last && !answer.Ids.Any();
            last = answer.Stamp;
            if (startsOver)
            {
                StartsOver++;
                ids.Clear();
                continue;
            }

            foreach (var record in answer.Data.EnumerateArray())
            {
                var id = record.GetProperty("id").GetString()!;
                _ = record.TryGetProperty("deleted", out _) ? ids.Remove(id) : ids.Add(id);
            }

            return [.. ids];
        }
    }
}

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>
/// A device that asks for what changed since the ETag it got last, of whichever gateway. What it has put together must in
/// the end be what is stored: whoever was skipped once never comes again.
/// </summary>
internal sealed class Poller(ApiClient client, BucketJournal journal, Verdicts verdicts, string name, TimeSpan pause) : IPoller
{
    private readonly ListReader reader = new(client, journal, verdicts, name);
    private readonly Dictionary<string, (long Stamp, string? Content)> seen = new(StringComparer.Ordinal);
    private long stamp;
    private int polls;

    public string Name => name;

    public int Polls => Volatile.Read(ref polls);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            var answer = i % 3 == 2 ? await AskAsync() : await PollAsync();
            await Pace.PauseAsync(answer, pause, cancellationToken);
        }
    }

    /// <summary>Polls until it has all that a fresh reader of the list sees, and compares.</summary>
    public async Task CheckStoredAsync(CancellationToken deadline)
    {
        while (true)
        {
            await PollAsync();
            if (await reader.ReadAsync(since: 0) is { } all && all.Stamp == stamp)
            {
                var stored = all.Changes.ToDictionary(static record => record.Id, static record => (record.Stamp, record.Content), StringComparer.Ordinal);
                foreach (var (id, record) in stored)
                {
                    verdicts.Check(seen.TryGetValue(id, out var known) && known == record, $"P3 {journal.Bucket}: {name} never saw {id} = {record.Content ?? "deleted"}@{record.Stamp}, and has {stamp}");
                }

                verdicts.Check(seen.Keys.All(stored.ContainsKey), $"P3 {journal.Bucket}: {name} saw what is not there: {string.Join(' ', seen.Keys.Where(id => !stored.ContainsKey(id)))}");
                journal.CheckStored(stored);
                return;
            }

            deadline.ThrowIfCancellationRequested();
        }
    }

    private static Answer NotAnswered { get; } = new(Fate.Refused, 0, 0, default, 0, 0, null);

    private async Task<Answer> PollAsync()
    {
        if (await reader.ReadAsync(stamp) is not { } answer)
        {
            return NotAnswered;
        }

        foreach (var (id, at, content) in answer.Changes)
        {
            seen[id] = (at, content);
        }

        stamp = Math.Max(stamp, answer.Stamp);
        Interlocked.Increment(ref polls);
        return answer.Last;
    }

    /// <summary>The question that is answered from memory: is there anything new?</summary>
    private async Task<Answer> AskAsync()
    {
        var answer = await client.SendAsync("HEAD", journal.Records, ifNoneMatch: $"\"{stamp}\"");
        if (answer.Fate is Fate.Answered)
        {
            verdicts.Check(answer.Status is 304 or 404 ? answer.Stamp == stamp : answer.Stamp > stamp, $"P3 {journal.Bucket}: {name} had {stamp} and was told {answer.Status} with {answer.Stamp}");
            journal.SawList(answer.Stamp, answer, name);
            Interlocked.Increment(ref polls);
        }

        return answer;
    }
}

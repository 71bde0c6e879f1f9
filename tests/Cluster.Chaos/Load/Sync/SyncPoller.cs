using System.Text.Json;

namespace Lockstep.Cluster.Chaos.Load.Sync;

/// <summary>
/// A device that asks whether its collection is newer than what it has, and if so for what changed, of whichever gateway. What
/// it is told never goes back, and what it has put together is in the end what is stored, but for deletions: the protocol does
/// not tell them.
/// </summary>
internal sealed class SyncPoller(SyncApi api, BucketJournal journal, string collection, Verdicts verdicts, string name, TimeSpan pause) : IPoller
{
    private const int PageSize = 100;
    private readonly Dictionary<string, (long Stamp, string? Content)> seen = new(StringComparer.Ordinal);
    private long stamp;
    private int polls;

    public string Name => name;

    public int Polls => Volatile.Read(ref polls);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            var answer = await AskAsync();
            if (answer.Fate is Fate.Answered && answer.Stamp > stamp)
            {
                answer = await PollAsync();
            }

            await Pace.PauseAsync(answer, pause, cancellationToken);
        }
    }

    public async Task CheckStoredAsync(CancellationToken deadline)
    {
        while (true)
        {
            await PollAsync();
            if (await ReadAsync(since: 0) is { } all && all.Stamp == stamp)
            {
                var stored = all.Records.ToDictionary(static record => record.Id, static record => (record.Stamp, record.Content), StringComparer.Ordinal);
                foreach (var (id, record) in stored)
                {
                    verdicts.Check(seen.TryGetValue(id, out var known) && known == record, $"P3 {journal.Bucket}: {name} never saw {id} = {record.Content}@{record.Stamp}, and has {stamp}");
                }

                foreach (var id in seen.Keys.Where(id => !stored.ContainsKey(id)))
                {
                    verdicts.Check(journal.MayBeGone(id), $"P1 {journal.Bucket}: {name} saw {id} = {seen[id].Content}@{seen[id].Stamp}, which nobody deleted and which is not there");
                }

                journal.CheckStored(stored);
                return;
            }

            deadline.ThrowIfCancellationRequested();
        }
    }

    private static Answer NotAnswered { get; } = new(Fate.Refused, 0, 0, default, 0, 0, null);

    /// <summary>The question that is answered from memory.</summary>
    private async Task<Answer> AskAsync()
    {
        var answer = await api.SendAsync("GET", "/info/collections");
        if (answer.Fate is not Fate.Answered)
        {
            return answer;
        }

        var told = answer.Body.TryGetProperty(collection, out var modified) ? SyncApi.Hundredths(modified.GetRawText()) : 0;
        verdicts.Check(told >= stamp, $"P3 {journal.Bucket}: {name} had {stamp} and was told {told}");
        journal.SawList(told, answer, name);
        Interlocked.Increment(ref polls);
        return answer with { Stamp = told };
    }

    private async Task<Answer> PollAsync()
    {
        if (await ReadAsync(stamp) is not { } answer)
        {
            return NotAnswered;
        }

        foreach (var (id, at, content) in answer.Records)
        {
            seen[id] = (at, content);
        }

        stamp = Math.Max(stamp, answer.Stamp);
        Interlocked.Increment(ref polls);
        return answer.Last;
    }

    /// <returns>What is newer and the list's stamp; null when a page was not answered or the list changed between two pages.</returns>
    private async Task<(List<(string Id, long Stamp, string? Content)> Records, long Stamp, Answer Last)?> ReadAsync(long since)
    {
        var records = new List<(string Id, long Stamp, string? Content)>();
        var query = $"{journal.Records}?full=1&sort=oldest&limit={PageSize}&newer={SyncApi.Text(since)}";
        var page = await api.SendAsync("GET", query);
        var first = page;
        while (true)
        {
            if (page.Status != 200)
            {
                verdicts.Check(page.Fate is not Fate.Answered || page.Status is 412, $"{name}: a list was answered with {page.Status}");
                return null;
            }

            verdicts.Check(page.Stamp == first.Stamp, $"P3 {journal.Bucket}: {name} was given {first.Stamp} and then {page.Stamp} by pages of one list");
            records.AddRange(page.Body.EnumerateArray().Select(Read));
            if (page.NextPage is not { } offset)
            {
                break;
            }

            page = await api.SendAsync("GET", $"{query}&offset={Uri.EscapeDataString(offset)}", unmodifiedSince: first.Stamp);
        }

        verdicts.Check(first.Stamp >= since, $"P3 {journal.Bucket}: {name} had {since} and was given {first.Stamp}");
        foreach (var (id, at, content) in records)
        {
            verdicts.Check(at > since && at <= first.Stamp, $"P3 {journal.Bucket}: {name} asked for what is newer than {since}, was given {first.Stamp}, and shown {id}@{at}");
            journal.Saw(id, content, at);
        }

        journal.SawTogether(records.Select(static record => record.Content), name);
        journal.SawList(first.Stamp, first, name);
        return (records, first.Stamp, first);
    }

    private static (string Id, long Stamp, string? Content) Read(JsonElement record) => (
        record.GetProperty("id").GetString()!,
        SyncApi.Hundredths(record.GetProperty("modified").GetRawText()),
        record.GetProperty("payload").GetString());
}

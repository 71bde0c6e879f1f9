using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Load.Sharing;

/// <summary>
/// Polls the part of a list that it may see (P3, P6). An empty page with a newer stamp tells it to begin anew, as kinto.js does; who is refused has nothing
/// any more. What it may never see it is never shown, and in the end it has what its rights say.
/// </summary>
internal sealed class Guest(ApiClient client, ApiClient owner, SharedList list, Verdicts verdicts, TimeSpan pause) : IPoller
{
    private readonly Dictionary<string, (long Stamp, string? Content)> seen = new(StringComparer.Ordinal);
    private long? since;
    private int polls;

    public string Name => $"{list.Guest} in {list.Bucket}";

    public int Polls => Volatile.Read(ref polls);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Pace.PauseAsync(await PollAsync(), pause, cancellationToken);
        }
    }

    public async Task CheckStoredAsync(CancellationToken deadline)
    {
        // An owner that was replaced may answer from memory until its lease is over.
        var difference = $"{list.Guest} was not served";
        while (!deadline.IsCancellationRequested)
        {
            await PollAsync();
            if (await ReadAsync(null) is { Fate: Fate.Answered } all && (all.Status != 200 || all.Stamp == since) && await AllowedAsync() is { } allowed)
            {
                var stored = all.Status == 200 ? Records(all).ToDictionary(static record => record.Id, static record => (record.Stamp, record.Content), StringComparer.Ordinal) : [];
                if (Text(stored) == Text(seen) && Text(allowed) == Text(stored))
                {
                    return;
                }

                difference = $"{list.Guest} has {Text(seen)}, is shown {Text(stored)}, and may see {Text(allowed)}";
            }

            await RealTime.PassAsync(pause, CancellationToken.None);
        }

        verdicts.Violated($"P3, P6 {list.Bucket}: {difference}");

        static string Text(Dictionary<string, (long Stamp, string? Content)> records) =>
            string.Join(' ', records.OrderBy(static record => record.Key, StringComparer.Ordinal).Select(static record => $"{record.Key}={record.Value.Content}@{record.Value.Stamp}"));
    }

    private Task<Answer> ReadAsync(long? after) => client.SendAsync("GET", $"{list.Records}?_limit=100{(after is { } stamp ? $"&_since=%22{stamp}%22" : "")}");

    private async Task<Answer> PollAsync()
    {
        var answer = await ReadAsync(since);
        if (answer.Fate is not Fate.Answered)
        {
            return answer;
        }

        Interlocked.Increment(ref polls);
        if (answer.Status != 200)
        {
            verdicts.Check(answer.Status == 403, $"P6 {list.Guest} was answered {answer.Status} about a part of {list.Records}");
            seen.Clear();
            since = null;
            return answer;
        }

        verdicts.Check(since is null || answer.Stamp >= since, $"P3 {list.Bucket}: {list.Guest} had {since} and was given {answer.Stamp}");
        var any = false;
        foreach (var (id, stamp, content) in Records(answer))
        {
            any = true;
            verdicts.Check(content?.StartsWith(SharedList.Closed, StringComparison.Ordinal) != true, $"P6 {list.Bucket}: {list.Guest} was shown {id} = {content}");
            if (content is null)
            {
                seen.Remove(id);
            }
            else
            {
                seen[id] = (stamp, content);
            }
        }

        if (since is { } before && answer.Stamp > before && !any)
        {
            seen.Clear();
            since = null;
            return answer;
        }

        since = answer.Stamp;
        return answer;
    }

    /// <returns>What rights and group say, as their owner reads them; null when not all of it was answered.</returns>
    private async Task<Dictionary<string, (long Stamp, string? Content)>?> AllowedAsync()
    {
        var (records, group) = (await owner.SendAsync("GET", list.Records), await owner.SendAsync("GET", list.Group));
        if (!records.IsSuccess || !group.IsSuccess)
        {
            return null;
        }

        var isMember = group.Data.GetProperty("members").EnumerateArray().Any(member => member.GetString() == list.GuestPrincipal);
        var allowed = new Dictionary<string, (long Stamp, string? Content)>(StringComparer.Ordinal);
        foreach (var (id, stamp, content) in Records(records))
        {
            var record = await owner.SendAsync("GET", $"{list.Records}/{id}");
            if (!record.IsSuccess)
            {
                return null;
            }

            var readers = record.Body.GetProperty("permissions").TryGetProperty("read", out var named) ? named.EnumerateArray().Select(static reader => reader.GetString()).ToList() : [];
            if (readers.Contains(list.GuestPrincipal) || (isMember && readers.Contains(list.GroupPrincipal)))
            {
                allowed[id] = (stamp, content);
            }
        }

        return allowed;
    }

    private static IEnumerable<(string Id, long Stamp, string? Content)> Records(Answer answer) => answer.Data.EnumerateArray().Select(static record =>
        (record.GetProperty("id").GetString()!, record.GetProperty("last_modified").GetInt64(), record.TryGetProperty("v", out var content) ? content.GetString() : null));
}

using System.Text.Json;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>
/// The history of a bucket that wants it kept, looked at in the end: each write that clients know of has its entry, with its stamp, and no entry
/// tells of a write that was not there. A snapshot is what the entries up to its stamp add up to.
/// </summary>
internal sealed class KeptHistory(ApiClient client, BucketJournal journal, Verdicts verdicts)
{
    private const int PageSize = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private string Bucket => $"/v1/buckets/{journal.Bucket}";

    public async Task CheckAsync(CancellationToken deadline)
    {
        var entries = await ReadAsync($"{Bucket}/history?resource_name=record&_sort=last_modified&_limit={PageSize}", deadline);
        var stamps = new List<long>();
        foreach (var entry in entries)
        {
            var stamp = entry.GetProperty("last_modified").GetInt64();
            stamps.Add(stamp);
            journal.Saw(entry.GetProperty("record_id").GetString()!, ContentOf(entry), stamp);
        }

        journal.CheckTold(stamps);
        if (entries.Count == 0)
        {
            return;
        }

        var (at, then) = (stamps[stamps.Count / 2], new SortedDictionary<string, long>(StringComparer.Ordinal));
        foreach (var entry in entries.Take((stamps.Count / 2) + 1))
        {
            var id = entry.GetProperty("record_id").GetString()!;
            then.Remove(id);
            if (ContentOf(entry) is not null)
            {
                then[id] = entry.GetProperty("last_modified").GetInt64();
            }
        }

        var snapshot = (await ReadAsync($"{Bucket}/snapshot/collections/chaos@{at}?_limit={PageSize}", deadline))
            .OrderBy(static record => record.GetProperty("id").GetString(), StringComparer.Ordinal);
        var (told, found) = (
            string.Join(' ', then.Select(static record => $"{record.Key}@{record.Value}")),
            string.Join(' ', snapshot.Select(static record => $"{record.GetProperty("id").GetString()}@{record.GetProperty("last_modified").GetInt64()}")));
        verdicts.Check(told == found, $"{journal.Bucket} as of {at} is {found}; its history tells {told}");
    }

    private static string? ContentOf(JsonElement entry) =>
        entry.GetProperty("target").GetProperty("data").TryGetProperty("v", out var content) ? content.GetString() : null;

    /// <summary>All pages; what is refused is asked again.</summary>
    private async Task<List<JsonElement>> ReadAsync(string path, CancellationToken deadline)
    {
        var found = new List<JsonElement>();
        for (string? next = path; next is not null;)
        {
            var page = await client.SendAsync("GET", next);
            if (page.Fate is Fate.Answered)
            {
                Assert.True(page.IsSuccess, $"{next}: {page.Status} {page.Body}");
                found.AddRange(page.Data.EnumerateArray());
                next = page.NextPage;
            }
            else
            {
                deadline.ThrowIfCancellationRequested();
                await Pace.PauseAsync(page, Pause, deadline);
            }
        }

        return found;
    }
}

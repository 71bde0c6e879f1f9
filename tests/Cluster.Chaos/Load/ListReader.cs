using System.Text.Json;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>Reads a list's changes since a stamp, page after page, through any entrance.</summary>
internal sealed class ListReader(ApiClient client, BucketJournal journal, Verdicts verdicts, string name)
{
    private const int PageSize = 100;

    /// <returns>What changed and the list's stamp; null when a page was not answered.</returns>
    public async Task<(List<(string Id, long Stamp, string? Content)> Changes, long Stamp, Answer Last)?> ReadAsync(long since)
    {
        var changes = new List<(string Id, long Stamp, string? Content)>();
        string? next = $"{journal.Records}?_limit={PageSize}&_since=%22{since}%22";
        Answer? first = null;
        while (next is not null)
        {
            var page = await client.SendAsync("GET", next);
            if (page.Fate is not Fate.Answered)
            {
                return null;
            }

            if (page.Status == 404 && since == 0)
            {
                // Memory from before the collection was made: as old as that may be, and no older.
                journal.SawList(0, page, name);
                return null;
            }

            if (page.Status != 200)
            {
                verdicts.Violated($"{name}: a list was answered with {page.Status}");
                return null;
            }

            first ??= page;
            verdicts.Check(page.Stamp == first.Stamp, $"P3 {journal.Bucket}: {name} was given {first.Stamp} and then {page.Stamp} by pages of one list");
            foreach (var record in page.Data.EnumerateArray())
            {
                changes.Add(Change(record));
            }

            next = page.NextPage;
        }

        verdicts.Check(first!.Stamp >= since, $"P3 {journal.Bucket}: {name} had {since} and was given {first.Stamp}");
        foreach (var (id, stamp, content) in changes)
        {
            verdicts.Check(stamp > since && stamp <= first.Stamp, $"P3 {journal.Bucket}: {name} asked since {since}, was given {first.Stamp}, and shown {id}@{stamp}");
            journal.Saw(id, content, stamp);
        }

        journal.SawList(first.Stamp, first, name);
        return (changes, first.Stamp, first);
    }

    private static (string Id, long Stamp, string? Content) Change(JsonElement record) =>
        (record.GetProperty("id").GetString()!, record.GetProperty("last_modified").GetInt64(), record.TryGetProperty("v", out var content) ? content.GetString() : null);
}

using System.Text.Json;

namespace Lockstep.Cluster.Chaos.Load.Sync;

/// <summary>
/// Writes without conditions: single records, some again and again; several in one request; whole batches of three requests; and
/// some deletions. Records of one request have contents that begin alike, so that it shows whether all of them are there.
/// </summary>
internal sealed class SyncWriter(SyncApi api, BucketJournal journal, string name, TimeSpan pause)
{
    private const int Hot = 5;
    private const int Together = 3;
    private const int Parts = 3;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            var answer = (i % 8) switch
            {
                1 or 5 => await PutAsync($"{name}-hot{Random.Shared.Next(Hot)}"),
                3 => await PostAsync($"{name}-{i}"),
                6 => await BatchAsync($"{name}-{i}"),
                7 => await DeleteAsync($"{name}-hot{Random.Shared.Next(Hot)}"),
                _ => await PutAsync($"{name}-{i}"),
            };
            await Pace.PauseAsync(answer, pause, cancellationToken);
        }
    }

    private async Task<Answer> PutAsync(string id)
    {
        var content = journal.NewContent(name);
        var floor = journal.Floor();
        var answer = await api.SendAsync("PUT", $"{journal.Records}/{id}", $$"""{"payload":"{{content}}"}""");
        journal.Wrote(id, content, answer, floor);
        return answer;
    }

    private async Task<Answer> DeleteAsync(string id)
    {
        var floor = journal.Floor();
        var answer = await api.SendAsync("DELETE", $"{journal.Records}/{id}");
        journal.Wrote(id, content: null, answer, floor);
        return answer;
    }

    private async Task<Answer> PostAsync(string id)
    {
        var records = NewRecords(id, Together);
        var floor = journal.Floor();
        var answer = await api.SendAsync("POST", journal.Records, Body(records));
        Wrote(records, answer, floor);
        return answer;
    }

    /// <summary>What is not committed is nowhere, whatever became of the requests before.</summary>
    private async Task<Answer> BatchAsync(string id)
    {
        var records = NewRecords(id, Together * Parts);
        var floor = journal.Floor();
        var batch = "true";
        for (var part = 0; ; part++)
        {
            var commit = part == Parts - 1;
            var answer = await api.SendAsync("POST", $"{journal.Records}?batch={batch}{(commit ? "&commit=true" : "")}", Body(records.Skip(part * Together).Take(Together)));
            if (commit)
            {
                Wrote(records, answer, floor);
                return answer;
            }

            if (answer.Status != 202)
            {
                records.ForEach(record => journal.NotStored(record.Content));
                return answer;
            }

            batch = Uri.EscapeDataString(answer.Body.GetProperty("batch").GetString()!);
        }
    }

    private List<(string Id, string Content)> NewRecords(string id, int count)
    {
        var request = journal.NewContent(name, parts: count);
        return [.. Enumerable.Range(0, count).Select(part => ($"{id}-{part}", BucketJournal.Part(request, part)))];
    }

    private void Wrote(List<(string Id, string Content)> records, Answer answer, long floor)
    {
        foreach (var (id, content) in records)
        {
            journal.Wrote(id, content, answer, floor);
        }
    }

    private static string Body(IEnumerable<(string Id, string Content)> records) =>
        JsonSerializer.Serialize(records.Select(static record => new { id = record.Id, payload = record.Content }));
}

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>Writes without conditions: mostly new records, which pollers must see, some again and again, and some deletions.</summary>
internal sealed class Writer(ApiClient client, BucketJournal journal, string name, TimeSpan pause)
{
    private const int Hot = 5;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            var id = i % 4 == 3 ? $"{name}-hot{Random.Shared.Next(Hot)}" : $"{name}-{i}";
            var answer = i % 16 == 15 ? await DeleteAsync(id) : await PutAsync(id);
            await Pace.PauseAsync(answer, pause, cancellationToken);
        }
    }

    private async Task<Answer> PutAsync(string id)
    {
        var content = journal.NewContent(name);
        var floor = journal.Floor();
        var answer = await client.SendAsync("PUT", $"{journal.Records}/{id}", $$$"""{"data":{"v":"{{{content}}}"}}""");
        journal.Wrote(id, content, answer, floor);
        return answer;
    }

    private async Task<Answer> DeleteAsync(string id)
    {
        var floor = journal.Floor();
        var answer = await client.SendAsync("DELETE", $"{journal.Records}/{id}");
        journal.Wrote(id, content: null, answer, floor);
        return answer;
    }
}

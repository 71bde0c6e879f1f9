namespace Lockstep.Cluster.Chaos.Load;

/// <summary>Tries to read and write what belongs to another account (P6).</summary>
internal sealed class Stranger(ApiClient client, IReadOnlyList<BucketJournal> others, Verdicts verdicts, TimeSpan pause)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            var journal = others[i % others.Count];
            var answer = i % 2 == 0
                ? await client.SendAsync("GET", $"{journal.Records}?_limit=3")
                : await client.SendAsync("PUT", $"{journal.Records}/stranger", """{"data":{"v":"a stranger's"}}""");
            verdicts.Check(answer.Fate is not Fate.Answered || answer.Status is 403, $"P6 {client.Name} was answered {answer.Status} about {journal.Records}");
            await Pace.PauseAsync(answer, pause, cancellationToken);
        }
    }
}

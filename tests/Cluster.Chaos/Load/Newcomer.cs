namespace Lockstep.Cluster.Chaos.Load;

/// <summary>Asks, without having seen anything, how new each list is: nothing in the question keeps old memory from answering.</summary>
internal sealed class Newcomer(ApiClient client, IReadOnlyList<BucketJournal> journals, TimeSpan pause)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            var journal = journals[i % journals.Count];
            var answer = await client.SendAsync("HEAD", journal.Records);
            if (answer.Fate is Fate.Answered)
            {
                journal.SawList(answer.Stamp, answer, "a newcomer");
            }

            await Pace.PauseAsync(answer, pause, cancellationToken);
        }
    }
}

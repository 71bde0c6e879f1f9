using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Lockstep.Testing;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>
/// A device that follows a list's stream, through whichever gateway, and goes on where it was cut off. It is told each change once and in order, and has in the end what is stored, as a
/// <see cref="Poller"/> has.
/// </summary>
internal sealed class Follower(ApiClient client, IReadOnlyList<Entrance> entrances, BucketJournal journal, Verdicts verdicts, string name) : IPoller
{
    // A comment comes more often than this, and whatever was lost is made up for in less.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly ListReader reader = new(client, journal, verdicts, name);
    private readonly Dictionary<string, (long Stamp, string? Content)> seen = new(StringComparer.Ordinal);
    private string last = "0";
    private int told;

    public string Name => $"{name} of {journal.Bucket}, at {last}";

    /// <summary>Changes that were told.</summary>
    public int Polls => Volatile.Read(ref told);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await FollowAsync(until: null, cancellationToken);
            await RealTime.PassAsync(Pause, cancellationToken).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>Follows until it has all that a fresh reader of the list sees, and compares.</summary>
    public async Task CheckStoredAsync(CancellationToken deadline)
    {
        while (true)
        {
            if (await reader.ReadAsync(since: 0) is { } all)
            {
                await FollowAsync(all.Stamp, deadline);
                if (long.Parse(last) == all.Stamp)
                {
                    var stored = all.Changes.ToDictionary(static record => record.Id, static record => (record.Stamp, record.Content), StringComparer.Ordinal);
                    foreach (var (id, record) in stored)
                    {
                        verdicts.Check(seen.TryGetValue(id, out var known) && known == record, $"P3 {journal.Bucket}: {name} was never told {id} = {record.Content ?? "deleted"}@{record.Stamp}, and is at {last}");
                    }

                    verdicts.Check(seen.Keys.All(stored.ContainsKey), $"P3 {journal.Bucket}: {name} was told what is not there: {string.Join(' ', seen.Keys.Where(id => !stored.ContainsKey(id)))}");
                    return;
                }
            }

            deadline.ThrowIfCancellationRequested();
            await RealTime.PassAsync(Pause, deadline);
        }
    }

    /// <summary>Reads one stream until it ends, is cut off, has come to a stamp, or nobody wants it any more.</summary>
    private async Task FollowAsync(long? until, CancellationToken cancellationToken)
    {
        var (entrance, invoked) = (entrances[Random.Shared.Next(entrances.Count)], Stopwatch.GetTimestamp());
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(entrance.Url, journal.Records)) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/event-stream") } } };
            request.Headers.Add("Last-Event-ID", last);
            using var answer = await client.OpenAsync(request, cancellationToken);
            verdicts.Check(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable || (answer.StatusCode is HttpStatusCode.NotFound && last is "0"), $"P3 {journal.Bucket}: {name} was answered {answer.StatusCode} for a stream");
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                return;
            }

            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
            var (id, kind) = (last, "");
            while ((until is null || long.Parse(last) < until) && await lines.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Patience, cancellationToken) is { } line)
            {
                switch (line.Split(": ", 2))
                {
                    case ["id", var stamp]:
                        id = stamp;
                        break;
                    case ["event", var other]:
                        kind = other;
                        break;
                    case ["data", var data]:
                        Take(kind, id, data);
                        break;
                    case [""]:
                        verdicts.Check(long.Parse(id) >= long.Parse(last), $"P3 {journal.Bucket}: {name} was at {last} and was told {id}");
                        (last, kind) = (id, "");
                        break;
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // What lies in between may cut it off whenever a gateway goes.
            verdicts.Check(entrance.Member?.WasInterruptedSince(invoked) is not false, $"P3 {journal.Bucket}: {name}'s stream broke, {e.Message}, though nobody broke connections");
        }
        catch (Exception e) when (e is TimeoutException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            verdicts.Violated($"P3 {journal.Bucket}: {name} was sent nothing for {Patience}");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // What was told by now counts.
        }
    }

    private void Take(string kind, string id, string data)
    {
        if (kind.Length > 0)
        {
            verdicts.Violated($"P3 {journal.Bucket}: {name} was told {kind} {data}");
            return;
        }

        using var document = JsonDocument.Parse(data);
        var change = document.RootElement.GetProperty("data");
        var (record, stamp) = (change.GetProperty("id").GetString()!, change.GetProperty("last_modified").GetInt64());
        var content = change.TryGetProperty("v", out var value) ? value.GetString() : null;
        verdicts.Check(stamp > long.Parse(last) && id == $"{stamp}", $"P3 {journal.Bucket}: {name} was at {last} and was told {record}@{stamp} with {id}");
        journal.Saw(record, content, stamp);
        seen[record] = (stamp, content);
        Interlocked.Increment(ref told);
    }
}

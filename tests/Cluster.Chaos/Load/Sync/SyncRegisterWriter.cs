using System.Text.Json;
using Lockstep.Cluster.Chaos.Histories;

namespace Lockstep.Cluster.Chaos.Load.Sync;

/// <summary>One of several who write to the same records with <c>X-If-Unmodified-Since</c>, each from what it saw last.</summary>
internal sealed class SyncRegisterWriter(SyncApi api, BucketJournal journal, Registers registers, string name, TimeSpan pause)
{
    private string register = "";
    private RegisterValue known;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (registers.Next() is var next && next != register)
            {
                (register, known) = (next, RegisterValue.Absent);
            }

            var deletes = known.Content is not null && Random.Shared.Next(8) == 0;
            var answer = await WriteAsync(deletes ? null : journal.NewContent(name));

            // A refusal does not say what is there.
            if (!answer.IsSuccess || Random.Shared.Next(4) == 0)
            {
                await ReadAsync();
            }

            await Pace.PauseAsync(answer, pause, cancellationToken);
        }
    }

    private async Task<Answer> WriteAsync(string? content)
    {
        var floor = journal.Floor();
        var answer = await api.SendAsync(
            content is null ? "DELETE" : "PUT", $"{journal.Records}/{register}", content is null ? null : $$"""{"payload":"{{content}}"}""", known.Stamp);
        journal.Wrote(register, content, answer, floor);
        if (answer.Fate is Fate.Refused)
        {
            return answer;
        }

        var write = new RegisterWrite
        {
            Invoked = answer.Invoked,
            Returned = answer.Returned,
            Content = content,
            Condition = WriteCondition.IfUnmodified,
            Expected = known.Stamp,
            Effect = answer.Fate is Fate.Unknown ? Effect.Unknown : answer.IsSuccess ? Effect.Applied : Effect.NotApplied,
        };
        switch (answer)
        {
            case { Fate: Fate.Unknown }:
                break;
            case { IsSuccess: true }:
                write = write with { Stamp = answer.Written };
                known = content is null ? RegisterValue.Absent : new RegisterValue(write.Stamp, content);
                break;
            case { Status: 404 }:
                write = write with { Condition = WriteCondition.IfPresent, Seen = RegisterValue.Absent };
                known = RegisterValue.Absent;
                break;
        }

        registers.Add(register, write);
        return answer;
    }

    private async Task ReadAsync()
    {
        var answer = await api.SendAsync("GET", $"{journal.Records}/{register}");
        if (answer.Fate is Fate.Answered)
        {
            known = answer.IsSuccess ? Value(answer.Body) : RegisterValue.Absent;
            if (known.Content is not null)
            {
                journal.Saw(register, known.Content, known.Stamp);
                registers.Read(register, known);
            }
        }
    }

    private static RegisterValue Value(JsonElement record) =>
        new(SyncApi.Hundredths(record.GetProperty("modified").GetRawText()), record.GetProperty("payload").GetString());
}

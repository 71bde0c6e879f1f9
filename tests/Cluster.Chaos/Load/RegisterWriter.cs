using System.Text.Json;
using Lockstep.Cluster.Chaos.Histories;

namespace Lockstep.Cluster.Chaos.Load;

/// <summary>One of several who write to the same registers under conditions, each from what it saw last.</summary>
internal sealed class RegisterWriter(ApiClient client, BucketJournal journal, Registers registers, string name, TimeSpan pause)
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

            // What was seen by reading may be as old as the lease; it is something to write from, no part of a history.
            if (answer.Fate is not Fate.Answered || Random.Shared.Next(4) == 0)
            {
                await ReadAsync();
            }

            await Pace.PauseAsync(answer, pause, cancellationToken);
        }
    }

    private async Task<Answer> WriteAsync(string? content)
    {
        var there = known.Content is not null;
        var floor = journal.Floor();
        var answer = await client.SendAsync(
            content is null ? "DELETE" : "PUT", $"{journal.Records}/{register}", content is null ? null : $$$"""{"data":{"v":"{{{content}}}"}}""",
            there ? known.Stamp : null, there ? null : "*");
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
            Condition = there ? WriteCondition.IfMatch : WriteCondition.IfAbsent,
            Expected = known.Stamp,
            Effect = answer.Fate is Fate.Unknown ? Effect.Unknown : answer.IsSuccess ? Effect.Applied : Effect.NotApplied,
        };
        switch (answer)
        {
            case { Fate: Fate.Unknown }:
                break;
            case { IsSuccess: true }:
                write = write with { Stamp = answer.Data.GetProperty("last_modified").GetInt64() };
                known = content is null ? RegisterValue.Absent : new RegisterValue(write.Stamp, content);
                break;
            case { Status: 404 }:
                write = write with { Condition = WriteCondition.IfPresent, Seen = RegisterValue.Absent };
                known = RegisterValue.Absent;
                break;
            default:
                known = Existing(answer.Body);
                write = write with { Seen = known };
                break;
        }

        registers.Add(register, write);
        return answer;
    }

    private async Task ReadAsync()
    {
        var answer = await client.SendAsync("GET", $"{journal.Records}/{register}");
        if (answer.Fate is Fate.Answered)
        {
            known = answer.IsSuccess ? Value(answer.Data) : RegisterValue.Absent;
            if (known.Content is not null)
            {
                journal.Saw(register, known.Content, known.Stamp);
                registers.Read(register, known);
            }
        }
    }

    private static RegisterValue Existing(JsonElement refusal) =>
        refusal.TryGetProperty("details", out var details) && details.TryGetProperty("existing", out var existing) ? Value(existing) : RegisterValue.Absent;

    private static RegisterValue Value(JsonElement record) => record.TryGetProperty("v", out var content) ? new(record.GetProperty("last_modified").GetInt64(), content.GetString()) : RegisterValue.Absent;
}

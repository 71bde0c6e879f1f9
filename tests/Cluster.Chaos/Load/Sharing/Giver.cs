namespace Lockstep.Cluster.Chaos.Load.Sharing;

/// <summary>Writes records that the guest may see, may see as a member of the group, or may not see, and takes the guest into the group and out of it.</summary>
internal sealed class Giver(ApiClient client, SharedList list, TimeSpan pause)
{
    private const int Records = 6;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            var record = $"{list.Records}/r{Random.Shared.Next(Records)}";
            var answer = Random.Shared.Next(10) switch
            {
                0 => await client.SendAsync("DELETE", record),
                1 or 2 => await client.SendAsync("PUT", list.Group, $$$"""{"data":{"members":[{{{(i % 2 == 0 ? $"\"{list.GuestPrincipal}\"" : "")}}}]}}"""),
                3 or 4 or 5 => await PutAsync(record, $"open-{i}", $"\"{list.GuestPrincipal}\""),
                6 or 7 => await PutAsync(record, $"members-{i}", $"\"{list.GroupPrincipal}\""),
                _ => await PutAsync(record, $"{SharedList.Closed}-{i}", ""),
            };
            await Pace.PauseAsync(answer, pause, cancellationToken);
        }
    }

    private Task<Answer> PutAsync(string record, string content, string readers) =>
        client.SendAsync("PUT", record, $$$"""{"data":{"v":"{{{content}}}"},"permissions":{"read":[{{{readers}}}]}}""");
}

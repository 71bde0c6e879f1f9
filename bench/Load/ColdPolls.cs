namespace Lockstep.Bench;

/// <summary>
/// What a poll costs of somebody who has not been heard of for a while, as most are where devices poll every few minutes: their
/// account is looked up again, and nobody has their bucket in memory.
/// </summary>
internal sealed class ColdPolls(ComparedServer compared, PostgresServer postgres, int users)
{
    public const string Name = "cold polls";

    private const int Connections = 16;
    private const string List = "/v1/buckets/default/collections/cold/records";

    private readonly List<RequestTemplate> polls = [];

    /// <summary>After it the users must be left alone for longer than passwords and idle owners are kept.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await Accounts.MakeAsync(compared.Server, Enumerable.Range(0, users).Select(User), cancellationToken);
        using var connection = await HttpConnection.OpenAsync(compared.Server.Address, cancellationToken);
        for (var user = 0; user < users; user++)
        {
            var put = RequestTemplate.Create(compared.Server, User(user), $"PUT {List}/r", $$$"""{"data":{{{Workload.Data(Workload.PutSize)}}}}""");
            var written = await Accounts.ExpectAsync(connection, put, 201, cancellationToken);
            var stamp = written.Header("ETag") ?? throw new InvalidOperationException("A record has no ETag.");
            polls.Add(RequestTemplate.Create(
                compared.Server, User(user), $"GET {List}?_since={Uri.EscapeDataString(stamp)}", headers: $"If-None-Match: {stamp}\r\n"));
        }
    }

    /// <summary>Each user polls once.</summary>
    /// <returns>CPU time for a poll in microseconds: of the process for HTTP, of the silos, of PostgreSQL.</returns>
    public async Task<(double Server, double Silos, double Postgres)> RunAsync(CancellationToken cancellationToken)
    {
        var before = MachineLoad.Of(compared.Server, postgres, Environment.ProcessId);
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(first => PollAsync(first, cancellationToken)));
        var spent = MachineLoad.Of(compared.Server, postgres, Environment.ProcessId) - before;
        return (spent.Server / users, spent.Silos / users, spent.Postgres / users);
    }

    private async Task PollAsync(int first, CancellationToken cancellationToken)
    {
        using var connection = await HttpConnection.OpenAsync(compared.Server.Address, cancellationToken);
        for (var user = first; user < users; user += Connections)
        {
            await Accounts.ExpectAsync(connection, polls[user], 304, cancellationToken);
        }
    }

    private static string User(int number) => $"cold{number}";
}

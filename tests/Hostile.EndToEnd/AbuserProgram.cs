using Lockstep.Testing;

namespace Lockstep.Hostile;

/// <summary>
/// Abuses a server in a process of its own, until it is killed. It gets only the processor time that the server and the good user leave, and any of their threads
/// takes its place at once: from machines of their own, abusers would take none of this one's.
/// </summary>
internal static class AbuserProgram
{
    private const string Begun = "Abuse begins";

    public static async Task Main(string[] args)
    {
        var abuse = Abuses.All.Single(abuse => abuse.Name == args[0]);
        Console.WriteLine(Begun);
        await abuse.RunAsync(new Uri(args[1]), CancellationToken.None);
    }

    /// <returns>Once it has begun.</returns>
    public static async Task<ProgramProcess> StartAsync(Abuse abuse, Uri server)
    {
        var process = new ProgramProcess(["chrt", "-i", "0", "dotnet", typeof(AbuserProgram).Assembly.Location, abuse.Name, $"{server}"]);
        await process.SaysAsync(Begun);
        return process;
    }
}

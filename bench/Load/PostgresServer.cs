using System.Globalization;

namespace Lockstep.Bench;

/// <summary>The PostgreSQL server under the servers that are measured, and what measures it alone.</summary>
/// <param name="Postmaster">Its first process, the parent of all others.</param>
/// <param name="PgBench">The program, of the same version. It finds the server and the database in its environment.</param>
/// <param name="Script">What that runs.</param>
internal sealed record PostgresServer(int Postmaster, string PgBench, string Script)
{
    /// <param name="text"><c>sqlite</c> or <c>postgresql,PID,PGBENCH,SCRIPT</c>.</param>
    /// <returns>Null for SQLite.</returns>
    public static PostgresServer? Parse(string text) => text.Split(',', 4) switch
    {
        ["sqlite"] => null,
        ["postgresql", var id, var program, var script] => new PostgresServer(int.Parse(id, CultureInfo.InvariantCulture), program, script),
        _ => throw new ArgumentException($"Not an engine: {text}", nameof(text)),
    };

    /// <summary>CPU time of all its processes, those that have ended too.</summary>
    public long CpuMicroseconds()
    {
        while (true)
        {
            // A process that ends in between would be missed, or counted twice.
            var ended = ProcessTimes.Of(Postmaster).Ended;
            var children = ProcessTimes.OfChildren(Postmaster);
            var postmaster = ProcessTimes.Of(Postmaster);
            if (postmaster.Ended == ended)
            {
                return postmaster.Own + ended + children;
            }
        }
    }
}

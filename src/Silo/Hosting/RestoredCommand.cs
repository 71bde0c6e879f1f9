using System.Data.Common;
using System.Globalization;
using Lockstep.Core.Time;
using Lockstep.Gateway.SyncStorage;
using Lockstep.Storage.Upkeep;
using Lockstep.Storage.Upkeep.Restored;

namespace Lockstep.Silo.Hosting;

/// <summary><c>restored</c>: makes devices notice that what the server has is from a backup.</summary>
internal static class RestoredCommand
{
    public const string Help =
        """
        restored [--margin SECONDS] [--database NUMBER]
                               after a backup was restored, before the servers start: moves all clocks beyond what clients have
                               seen and makes devices start over; --margin (30) is how far a clock may have been ahead;
                               --database (all) is the one of several PostgreSQL databases that was restored
        """;

    private const string Margin = "--margin";
    private const string Database = "--database";
    private const int DefaultMargin = 30;
    private const int MaxMargin = 366 * 24 * 3600;

    // The coarsest grid of stamps.
    private const int StampStep = 10;

    /// <summary>Its options.</summary>
    public static IReadOnlyList<string> Own { get; } = [Margin, Database];

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> own, LockstepOptions options, TimeProvider time, TextWriter output, CancellationToken cancellationToken)
    {
        var databases = options.Postgres.Connection is { Length: > 0 } ? options.Postgres.Shards.Count + 1 : 1;
        if (arguments.Count > 0 || Number(own, Margin, DefaultMargin, MaxMargin) is not { } margin || Number(own, Database, -1, databases - 1) is not { } only)
        {
            output.WriteLine(Help);
            return 2;
        }

        var now = ServerTimestamp.Now(time);
        var least = new ServerTimestamp((now.Milliseconds + (margin * 1000L) + StampStep - 1) / StampStep * StampStep);
        await using var storage = await UpkeepStorage.OpenAsync(options, exclusive: true, cancellationToken);
        foreach (var (database, number) in storage.Databases.Select(static (database, number) => (database, number)).Where(one => only < 0 || one.number == only))
        {
            RestoredCounts counts;
            try
            {
                counts = await new RestoredStamps(database, least, MetaGlobal.WithNewIds).RunAsync(cancellationToken);
            }
            catch (UpkeepException e)
            {
                output.WriteLine(e.Message);
                return 1;
            }
            catch (DbException e)
            {
                output.WriteLine($"{database.Name}: nothing was changed: {e.Message} On PostgreSQL this needs the role that owns the tables.");
                return 1;
            }

            output.WriteLine($"{database.Name}: readers of {counts.Kinto:N0} buckets of Kinto start over, and devices of {counts.Reset:N0} of {counts.Sync:N0} storages of Sync.");
            if (counts.Ahead > TimeSpan.FromMinutes(1).TotalMilliseconds)
            {
                var until = DateTimeOffset.FromUnixTimeMilliseconds(least.Milliseconds + counts.Ahead).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
                output.WriteLine($"The clock of a bucket is ahead until {until}: clients are asked to slow down (Backoff) in such buckets until then.");
            }
        }

        output.WriteLine("Done. Start the servers. What devices do now: docs/operations/backup.md.");
        return 0;
    }

    private static int? Number(IReadOnlyDictionary<string, string> own, string name, int otherwise, int most) =>
        !own.TryGetValue(name, out var text) ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most ? number : null;
}

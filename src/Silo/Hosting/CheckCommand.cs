using System.Globalization;
using Lockstep.Storage.S3;
using Lockstep.Storage.Upkeep;
using Lockstep.Storage.Upkeep.Check;

namespace Lockstep.Silo.Hosting;

/// <summary><c>check [--repair]</c>: whether what is stored fits together, beside a running server or, to repair it, without one.</summary>
internal static class CheckCommand
{
    public const string Help =
        """
        check [--repair]       looks through all databases for what cannot be right: counts, bytes, stamps, indexes, leftovers,
                               files; also while servers run. --repair repairs what follows from other rows; all servers must
                               be stopped
        """;

    private const string Repair = "--repair";
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(5);

    /// <summary>Parts a command line: whether to repair, and settings.</summary>
    public static (IReadOnlyDictionary<string, string> Options, IReadOnlyList<string> Settings) Part(IReadOnlyList<string> arguments) => (
        arguments.Contains(Repair, StringComparer.Ordinal) ? new Dictionary<string, string>(StringComparer.Ordinal) { [Repair] = "true" } : new Dictionary<string, string>(StringComparer.Ordinal),
        [.. arguments.Where(static argument => argument is not Repair)]);

    /// <returns>The exit code: 1 where anything is wrong that was not repaired.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> own, LockstepOptions options, TimeProvider time, TextWriter output, CancellationToken cancellationToken)
    {
        if (arguments.Count > 0)
        {
            output.WriteLine(Help);
            return 2;
        }

        var repairs = own.ContainsKey(Repair);
        await using var storage = await UpkeepStorage.OpenAsync(options, exclusive: repairs, cancellationToken);
        var (found, repaired, possible, records) = (0L, 0L, 0L, 0L);
        using var s3 = ServerStorage.S3Of(options, static _ => { });
        var files = FilesOf(options, s3);
        foreach (var database in storage.Databases)
        {
            var progress = new Progress(database.Name, time, output);
            try
            {
                await new IntegrityCheck(database, storage.Databases[0], files, repairs, Tell, progress.Report).RunAsync(cancellationToken);
            }
            catch (UpkeepException e)
            {
                output.WriteLine(e.Message);
                return 1;
            }

            records += progress.Records;
        }

        output.WriteLine(found == 0
            ? string.Create(CultureInfo.InvariantCulture, $"Done: nothing is wrong. {records:N0} rows of lists were read.")
            : string.Create(CultureInfo.InvariantCulture, $"Done: {found:N0} findings, {repaired:N0} repaired{(possible > 0 ? $", {possible:N0} can be with --repair" : "")}. {records:N0} rows of lists were read."));
        return found > repaired ? 1 : 0;

        void Tell(Finding finding)
        {
            found++;
            repaired += finding.Repair == RepairState.Done ? 1 : 0;
            possible += finding.Repair == RepairState.Possible ? 1 : 0;
            var state = finding.Repair switch { RepairState.Done => " Repaired.", RepairState.Possible => " Can be repaired.", _ => "" };
            output.WriteLine($"{finding.Kind}: {(storage.Databases.Count > 1 ? $"{finding.Database}, " : "")}{finding.Where}: {finding.Text}{state}");
        }
    }

    /// <summary>Of an object store it is not known which files are there besides.</summary>
    private static FileSizes? FilesOf(LockstepOptions options, S3Content? s3)
    {
        if (s3 is not null)
        {
            return new FileSizes(async (id, token) => await s3.CountBytesAsync(id, token) is > 0 and var bytes ? bytes : default(long?), []);
        }

        return ServerStorage.DirectoryOf(options) is { } directory ? new FileSizes((id, _) => ValueTask.FromResult(directory.SizeOf(id)), directory.List()) : null;
    }

    private sealed class Progress(string database, TimeProvider time, TextWriter output)
    {
        private readonly long started = time.GetTimestamp();
        private TimeSpan reported;

        public long Records { get; private set; }

        public void Report(CheckProgress progress)
        {
            Records = progress.Records;
            var passed = time.GetElapsedTime(started);
            if (passed - reported >= ProgressInterval)
            {
                reported = passed;
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{database}: {progress.Buckets:N0} of {progress.AllBuckets:N0} buckets, {progress.Records:N0} rows, {progress.Records / passed.TotalSeconds:N0} a second"));
            }
        }
    }
}

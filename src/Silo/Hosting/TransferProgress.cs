using System.Globalization;
using Lockstep.Interchange;

namespace Lockstep.Silo.Hosting;

/// <summary>Says once a second how far an export or import has come, how fast it is, and how long it takes yet.</summary>
internal sealed class TransferProgress(TextWriter output, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly long began = time.GetTimestamp();
    private long? reported;
    private (long Done, long Bytes, long Records)? first;

    /// <summary>Of an export: <see cref="ExportProgress.Total"/> is in buckets.</summary>
    public void Buckets(ExportProgress progress) => Report(progress, progress.Counts.Buckets);

    /// <summary>Of an import: <see cref="ExportProgress.Total"/> is in bytes.</summary>
    public void Bytes(ExportProgress progress) => Report(progress, progress.Bytes);

    private void Report(ExportProgress progress, long done)
    {
        first ??= (done, progress.Bytes, progress.Counts.Records);
        if (reported is { } last && time.GetElapsedTime(last) < Interval)
        {
            return;
        }

        reported = time.GetTimestamp();
        output.WriteLine(Line(progress, done, time.GetElapsedTime(began)));
    }

    /// <summary>What was done before this run counts for how much is left, and not for how fast it goes.</summary>
    private string Line(ExportProgress progress, long done, TimeSpan elapsed)
    {
        var seconds = Math.Max(elapsed.TotalSeconds, 0.001);
        var (from, bytes, records) = first!.Value;
        var share = progress.Total > 0 ? string.Create(CultureInfo.InvariantCulture, $"{Math.Min(100, 100.0 * done / progress.Total):F0} %, ") : "";
        var left = progress.Total > done && done > from
            ? string.Create(CultureInfo.InvariantCulture, $", {TimeSpan.FromSeconds((long)((progress.Total - done) * seconds / (done - from))):c} left")
            : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{share}{progress.Counts.Buckets:N0} buckets, {progress.Counts.Records:N0} records, {(progress.Counts.Records - records) / seconds:N0} records/s, {(progress.Bytes - bytes) / seconds / 1e6:F1} MB/s{left}");
    }
}

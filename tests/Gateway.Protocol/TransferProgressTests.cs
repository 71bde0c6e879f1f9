using Lockstep.Interchange;
using Lockstep.Silo.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Lockstep.Gateway.Protocol;

/// <summary>What <c>export</c> and <c>import</c> say while they run.</summary>
public sealed class TransferProgressTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly StringWriter output = new() { NewLine = "\n" };

    public void Dispose() => output.Dispose();

    [Fact]
    public void Line_OfARunThatGoesOn_SaysHowFarAndFastItIs_AndHowLongItTakesYet()
    {
        var progress = new TransferProgress(output, time);

        // A third was there before this run.
        time.Advance(TimeSpan.FromSeconds(1));
        progress.Buckets(At(buckets: 100, records: 10_000, bytes: 50_000_000));
        time.Advance(TimeSpan.FromMilliseconds(999));
        progress.Buckets(At(buckets: 101, records: 10_001, bytes: 50_000_001));
        time.Advance(TimeSpan.FromMilliseconds(8_001));
        progress.Buckets(At(buckets: 150, records: 15_000, bytes: 60_000_000));
        progress.Buckets(At(buckets: 151, records: 15_100, bytes: 60_100_000));
        time.Advance(TimeSpan.FromSeconds(1));
        progress.Buckets(At(buckets: 300, records: 40_000, bytes: 90_000_000));

        Assert.Equal(
            [
                "33 %, 100 buckets, 10,000 records, 0 records/s, 0.0 MB/s",
                "50 %, 150 buckets, 15,000 records, 500 records/s, 1.0 MB/s, 00:00:30 left",
                "100 %, 300 buckets, 40,000 records, 2,727 records/s, 3.6 MB/s",
            ],
            output.ToString().TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void Line_OfAnUnknownTotal_SaysNoShare_AndOfAnImportGoesByBytes()
    {
        new TransferProgress(output, time).Buckets(At(buckets: 1, records: 1, bytes: 1) with { Total = 0 });
        var import = new TransferProgress(output, time);
        import.Bytes(At(buckets: 0, records: 0, bytes: 0) with { Total = 4_000_000 });
        time.Advance(TimeSpan.FromSeconds(2));
        import.Bytes(At(buckets: 1, records: 4, bytes: 1_000_000) with { Total = 4_000_000 });

        Assert.Equal(
            [
                "1 buckets, 1 records, 0 records/s, 0.0 MB/s", "0 %, 0 buckets, 0 records, 0 records/s, 0.0 MB/s", "25 %, 1 buckets, 4 records, 2 records/s, 0.5 MB/s, 00:00:06 left",
            ],
            output.ToString().TrimEnd('\n').Split('\n'));
    }

    private static ExportProgress At(long buckets, long records, long bytes) => new(new ExportCounts { Buckets = buckets, Records = records }, bytes, Total: 300);
}

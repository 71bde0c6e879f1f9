using Lockstep.Gateway.Audit;
using Microsoft.Extensions.Time.Testing;

namespace Lockstep.Gateway.Tests.Audit;

/// <summary>Files of the audit log, a day each.</summary>
public sealed class DailyFilesTests : IDisposable
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 3, 1, 23, 50, 0, TimeSpan.Zero));
    private readonly string directory = Directory.CreateTempSubdirectory("lockstep-audit-").FullName;

    private string Log => Path.Combine(directory, "audit.log");

    private string[] Names => [.. Directory.EnumerateFiles(directory).Select(static file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Day_ThatIsOver_HasAFileOfItsOwn_UntilTheTimeIsOver()
    {
        var files = new DailyFiles(Log, TimeSpan.FromDays(2), time);
        files.Turn();
        Write();
        time.Advance(TimeSpan.FromMinutes(9));
        files.Turn();
        Assert.Equal(["audit.log"], Names);

        time.Advance(TimeSpan.FromMinutes(1));
        files.Turn();
        Assert.Equal(["audit.log.2026-03-01"], Names);

        // The last line may be of its last second.
        time.Advance(TimeSpan.FromHours(47));
        files.Turn();
        Assert.Equal(["audit.log.2026-03-01"], Names);
        time.Advance(TimeSpan.FromHours(1));
        files.Turn();
        Assert.Empty(Names);
    }

    [Fact]
    public void Day_ThatIsThereAlready_IsNotWrittenOver()
    {
        File.WriteAllText(Log + ".2026-03-01", "first");
        Write();
        time.Advance(TimeSpan.FromHours(1));

        new DailyFiles(Log, TimeSpan.FromDays(2), time).Turn();

        Assert.Equal(["audit.log.2026-03-01", "audit.log.2026-03-01.1"], Names);
        Assert.Equal("first", File.ReadAllText(Log + ".2026-03-01"));
    }

    [Fact]
    public void Log_ThatNobodyHasWritten_IsNoFault()
    {
        new DailyFiles(Log, TimeSpan.FromDays(2), time).Turn();

        Assert.Empty(Names);
    }

    private void Write()
    {
        File.WriteAllText(Log, "a line");
        File.SetLastWriteTimeUtc(Log, time.GetUtcNow().UtcDateTime);
    }
}

using System.Globalization;

namespace Lockstep.Gateway.Audit;

/// <summary>
/// The files of an audit log that is not kept forever: one for each day (UTC). The newest has the log's name alone, earlier ones have their day behind it. A line stays for the time that is set, and for a day longer at most.
/// </summary>
/// <param name="path">The newest file.</param>
/// <param name="retention">How long lines are kept at least; more than zero.</param>
/// <param name="time">The wall clock.</param>
internal sealed class DailyFiles(string path, TimeSpan retention, TimeProvider time)
{
    private const string DayFormat = "yyyy-MM-dd";

    private DateTime next = DateTime.MinValue;

    /// <summary>Puts a file of an earlier day aside, and removes those whose time is over. Does nothing while it is still the same hour.</summary>
    /// <exception cref="IOException">A file can be neither moved nor removed.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public void Turn()
    {
        var now = time.GetUtcNow().UtcDateTime;
        if (now < next)
        {
            return;
        }

        next = now.Date.AddHours(now.Hour + 1);
        var written = File.GetLastWriteTimeUtc(path).Date;
        if (File.Exists(path) && written < now.Date)
        {
            File.Move(path, FreeName($"{path}.{written.ToString(DayFormat, CultureInfo.InvariantCulture)}"));
        }

        var prefix = Path.GetFileName(path) + ".";
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(path)!, prefix + "*"))
        {
            var rest = Path.GetFileName(file)[prefix.Length..];
            if (rest.Length >= DayFormat.Length
                && DateTime.TryParseExact(rest[..DayFormat.Length], DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var day)
                && day.AddDays(1) + retention <= now)
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>Another one where it is there already: a clock that was set back has had the same day twice.</summary>
    private static string FreeName(string name)
    {
        var free = name;
        for (var i = 1; File.Exists(free); i++)
        {
            free = string.Create(CultureInfo.InvariantCulture, $"{name}.{i}");
        }

        return free;
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Testing;

namespace Lockstep.EndToEnd.Interchange;

/// <summary><c>import</c> that is killed at several points, and run again; and a second one beside it.</summary>
public sealed class ImportKillTests : IAsyncLifetime
{
    // Two sets of accounts and more, buckets that are written many at a time, and one that is written while it is read.
    private const int Accounts = 1_200;
    private const int Buckets = 300;
    private const int LargeRecords = 4_000;

    private readonly TemporaryDirectory directory = new();
    private TestStorage whole = null!;
    private TestStorage killed = null!;

    private string Given => Path.Combine(directory.Path, "given.jsonl");

    public async Task InitializeAsync() => (whole, killed) = (await TestStorage.CreateAsync(), await TestStorage.CreateAsync());

    public async Task DisposeAsync()
    {
        await whole.DisposeAsync();
        await killed.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Kill9_AtSeveralPointsOfAnImport_AndRunAgain_EndsAsIfNothingHadHappened()
    {
        var lines = Lines();
        await File.WriteAllTextAsync(Given, string.Concat(lines));
        var undisturbed = await RunAsync(whole, "import", Given);
        Assert.True(undisturbed.Code == 0, undisturbed.Output);

        // :: Step 1: killed among accounts, while another import is refused; among small buckets; in the middle of the large one.
        var buckets = Array.FindIndex(lines, static line => line.StartsWith("""{"t":"bucket",""", StringComparison.Ordinal));
        var refused = false;
        foreach (var point in new[] { 1 + Accounts - 100, buckets + ((lines.Length - LargeRecords - buckets) / 2), lines.Length - 500 })
        {
            using var import = Start(refused ? ["import", "--resume", "-"] : ["import", "-"]);
            await import.Input.WriteAsync(string.Concat(lines[..point]));
            await import.Input.FlushAsync();
            if (!refused)
            {
                // It has opened the database, and waits for the rest.
                await import.SaysAsync("0 buckets");
                var second = await RunAsync(killed, "import", Given);
                Assert.Equal(1, second.Code);
                Assert.Contains(killed.Connection is null ? "Another server is using" : "is running on this database already", second.Output, StringComparison.Ordinal);
                refused = true;
            }

            import.Kill();
            await import.EndAsync();
        }

        // :: Step 2: what is not whole lets nobody in, and is gone on with only on purpose.
        var forgotten = await RunAsync(killed, "import", Given);
        Assert.Equal(1, forgotten.Code);
        Assert.Contains("--resume", forgotten.Output, StringComparison.Ordinal);

        // :: Step 3: the end is that of an import that nobody has disturbed.
        var resumed = await RunAsync(killed, "import", "--resume", Given);
        Assert.True(resumed.Code == 0, resumed.Output);
        var check = await RunAsync(killed, "check");
        Assert.True(check.Code == 0, check.Output);
        Assert.Equal(await ExportAsync(whole), await ExportAsync(killed));
    }

    private static string[] Lines()
    {
        var lines = new List<string>();
        var pad = new string('x', 1_000);
        for (var i = 0; i < Accounts; i++)
        {
            lines.Add(Text($$"""{"t":"account","name":"u{{i:D5}}","password":"pbkdf2-sha512$1000$c2FsdA==$aGFzaA==","modified":{{1_000 + i}},"since":1000}"""));
        }

        var records = 0;
        for (var i = 0; i <= Buckets; i++)
        {
            var count = i < Buckets ? 2 : LargeRecords;
            lines.Add(Text($$"""{"t":"bucket","kind":"default","id":"account:u{{i:D5}}","clock":{{9_000_000 + i}},"exists":true,"author":"account:u{{i:D5}}"}"""));
            lines.Add(Text($$"""{"t":"list","list":"records","name":"tasks","exists":true,"changed":{{2_000_000 + count}},"touched":{{2_000_000 + count}},"count":{{count}},"bytes":{{count * (pad.Length + 8)}}}"""));
            for (var n = 0; n < count; n++)
            {
                lines.Add(Text($$$"""{"t":"record","id":"r{{{n:D6}}}","modified":{{{2_000_001 + n}}},"data":{"p":"{{{pad}}}"}}"""));
            }

            foreach (var (list, id) in new[] { ("bucket", "bucket"), ("collections", "tasks") })
            {
                lines.Add(Text($$"""{"t":"list","list":"{{list}}","name":"","exists":true,"changed":2000000,"touched":2000000,"count":1,"bytes":2}"""));
                lines.Add(Text($$$"""{"t":"record","id":"{{{id}}}","modified":2000000,"data":{},"author":"account:u{{{i:D5}}}"}"""));
            }

            lines.Add(Text($$"""{"t":"bucket-end","records":{{count + 2}},"files":0}"""));
            records += count + 2;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
        lines.Insert(0, """{"t":"header","format":"lockstep-export","version":1,"program":"test","source":"test","made":"2026-01-01T00:00:00Z"}""" + "\n");
        lines.Add(Text($$"""{"t":"end","accounts":{{Accounts}},"stores":0,"quotas":0,"buckets":{{Buckets + 1}},"records":{{records}},"files":0,"sha256":"{{hash}}"}"""));
        return [.. lines];
    }

    private static string Text(FormattableString line) => line.ToString(CultureInfo.InvariantCulture) + "\n";

    private ServerProcess Start(IReadOnlyList<string> arguments) => ServerProcess.StartCommand([.. arguments, "--data-directory", killed.Directory], killed.Environment);

    /// <summary>All lines but the first, which says when it was made.</summary>
    private async Task<string[]> ExportAsync(TestStorage storage)
    {
        var file = Path.Combine(directory.Path, Path.GetRandomFileName());
        var export = await RunAsync(storage, "export", file);
        Assert.True(export.Code == 0, export.Output);
        return (await File.ReadAllLinesAsync(file))[1..];
    }

    private static Task<(int Code, string Output)> RunAsync(TestStorage storage, params string[] arguments) =>
        ServerProcess.RunAsync([.. arguments, "--data-directory", storage.Directory], environment: storage.Environment);
}

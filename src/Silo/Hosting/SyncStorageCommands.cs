using System.Globalization;
using Lockstep.Gateway.SyncStorage;
using Lockstep.Import.SyncStorage;

namespace Lockstep.Silo.Hosting;

/// <summary><c>syncstorage import</c>: for those who come from syncstorage-rs.</summary>
internal static class SyncStorageCommands
{
    public const string Help =
        """
        syncstorage import --from URI [--tokens-from URI] [--node URL] [--issuer NAME] [--dry-run]
                               takes over Sync users with all that they have stored, from the databases of syncstorage-rs:
                               mysql://user:password@host/name or postgresql://user:password@host/name, or @FILE with
                               such a line; what is here stays as it is; run it again if it was cut off; with SQLite the
                               server must be stopped
        """;

    /// <summary>What is the command's own, and no setting.</summary>
    private static readonly string[] Own = ["--from", "--tokens-from", "--node", "--issuer"];

    private const string DryRun = "--dry-run";

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    /// <summary>Parts what follows the command.</summary>
    /// <exception cref="SettingsException">An option has no value.</exception>
    public static (IReadOnlyDictionary<string, string> Options, IReadOnlyList<string> Settings) Part(IReadOnlyList<string> arguments)
    {
        var (options, settings) = SyncCommands.Part([.. arguments.Where(static argument => argument != DryRun)], Own);
        return (arguments.Contains(DryRun, StringComparer.Ordinal) ? new Dictionary<string, string>(options, StringComparer.Ordinal) { [DryRun] = "" } : options, settings);
    }

    /// <returns>The exit code: 0 done, 1 something is left behind or failed, 2 misunderstood.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> own, LockstepOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        var issuer = own.GetValueOrDefault("--issuer", options.Sync15.Issuer.Name);
        if (arguments is not ["import"] || !own.TryGetValue("--from", out var from) || issuer.Length == 0)
        {
            output.WriteLine(Help);
            if (issuer.Length == 0)
            {
                output.WriteLine("Set Sync15:Issuer:Name as for the server, or name with --issuer who vouches for the users.");
            }

            return 2;
        }

        try
        {
            var storageUri = SyncStorageUri.Parse(ReadUri(from));
            var tokensUri = own.TryGetValue("--tokens-from", out var tokensFrom) ? SyncStorageUri.Parse(ReadUri(tokensFrom)) : storageUri;
            await using var storage = await SyncStorageDatabase.OpenAsync(storageUri, SyncStorageDatabase.RecordsOf(storageUri), cancellationToken);
            await using var tokens = await SyncStorageDatabase.OpenAsync(tokensUri, "users", cancellationToken);
            var import = new SyncStorageOptions
            {
                Issuer = issuer,
                Node = own.GetValueOrDefault("--node"),
                IsDryRun = own.ContainsKey(DryRun),
                IsCollection = SyncNames.IsCollection,
                IsRecord = SyncNames.IsId,
            };

            // With SQLite a running server would not hear of what is written beside it.
            await using var here = await ServerStorage.OpenAsync(options, exclusive: !import.IsDryRun, fault => output.WriteLine(fault.Message));
            await using var alone = import.IsDryRun ? null : OnlyOne.Of(await here.Transfer.TryLockAsync(cancellationToken));
            return await ImportAsync(new SyncStorageImport(tokens, storage, here.Assignments, here.Transfer, here.Buckets, import, TimeProvider.System), import.IsDryRun, output, cancellationToken);
        }
        catch (Exception e) when (e is SyncStorageException or IOException or UnauthorizedAccessException)
        {
            output.WriteLine(e.Message);
            return 1;
        }
    }

    private static async Task<int> ImportAsync(SyncStorageImport import, bool isDryRun, TextWriter output, CancellationToken cancellationToken)
    {
        var (began, reported) = (TimeProvider.System.GetTimestamp(), default(long?));
        var tally = await import.RunAsync(
            tally =>
            {
                if (reported is { } last && TimeProvider.System.GetElapsedTime(last) < ProgressInterval)
                {
                    return;
                }

                reported = TimeProvider.System.GetTimestamp();
                var (seconds, ended) = (Math.Max(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0.001), tally.RecordsImported + tally.RecordsExpired + tally.RecordsRefused + tally.RecordsOfOthers);
                var read = tally.RecordsImported + tally.RecordsExpired + tally.RecordsRefused;
                var left = read > 0 ? TimeSpan.FromSeconds((long)((tally.Records - ended) * seconds / read)) : TimeSpan.Zero;
                Line($"{tally.UsersImported + tally.UsersHere + tally.UsersLeft:N0} of {tally.Users:N0} users, {ended:N0} of {tally.Records:N0} records, {read / seconds:N0} records/s, {left:c} left");
            },
            cancellationToken);
        foreach (var note in tally.Notes)
        {
            output.WriteLine(note);
        }

        Line($"Users: {tally.Users:N0} there; {tally.UsersImported:N0} imported, {tally.UsersHere:N0} here before, {tally.UsersLeft:N0} replaced, removed or on other nodes.");
        Line($"Records: {tally.Records:N0} there; {tally.RecordsImported:N0} imported, {tally.RecordsExpired:N0} expired, {tally.RecordsRefused:N0} left out, {tally.RecordsOfOthers:N0} of users who were not imported now.");
        if (isDryRun)
        {
            output.WriteLine("Nothing was written: it was a dry run.");
        }

        if (!tally.IsEven)
        {
            output.WriteLine("The counts do not meet. Stop the old server, and run the import again.");
        }

        return tally is { IsEven: true, IsWhole: true } ? 0 : 1;

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Everybody on the machine can see a password on the command line, so a file may have it.</summary>
    private static string ReadUri(string given) => given.StartsWith('@') ? File.ReadAllText(given[1..]).Trim() : given;
}

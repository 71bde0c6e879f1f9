using System.Globalization;
using Lockstep.Gateway.Sync11;
using Lockstep.Gateway.SyncStorage;
using Lockstep.Import.ServerFull;

namespace Lockstep.Silo.Hosting;

/// <summary><c>server-full …</c>: for those who come from Mozilla's old server of Sync 1.1.</summary>
internal static class ServerFullCommands
{
    public const string Help =
        """
        server-full import --conf FILE [--quota BYTES]
                               takes over users and all that they have stored, from the databases that the old sync.conf
                               names; what is here stays as it is; run it again if it was cut off; with SQLite the server
                               must be stopped
        server-full import --from URI [--users-from URI] [--collections standard|fixed] [--quota BYTES]
                               the same without that file: sqlite:////path/of/file, or mysql://user:password@host/name
        server-full settings FILE
                               prints the settings here for an old sync.conf or development.ini, as lines for the
                               environment, and names what has no counterpart
        """;

    /// <summary>What is the commands' own, and no setting.</summary>
    public static readonly IReadOnlyList<string> Own = ["--conf", "--from", "--users-from", "--collections", "--quota"];

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    /// <returns>The exit code: 0 done, 1 something is left behind or failed, 2 misunderstood.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> own, LockstepOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        try
        {
            switch (arguments)
            {
                case ["settings", var file] when own.Count == 0:
                    WriteSettings(SyncConf.Read(file), file, output);
                    return 0;
                case ["import"] when Sources(own) is var (storage, users, import):
                    return await ImportAsync(SqlUri.Parse(storage), SqlUri.Parse(users), users == storage, import with { HashIterations = options.Accounts.PasswordIterations }, options, output, cancellationToken);
                default:
                    output.WriteLine(Help);
                    return 2;
            }
        }
        catch (ServerFullException e)
        {
            output.WriteLine(e.Message);
            return 1;
        }
    }

    /// <returns>Where storage and users lie, and how they come; null where that is not said, or said twice.</returns>
    private static (string Storage, string Users, ImportOptions Import)? Sources(IReadOnlyDictionary<string, string> own)
    {
        var import = new ImportOptions();
        if (own.TryGetValue("--quota", out var text))
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var quota))
            {
                return null;
            }

            import = import with { QuotaBytes = quota };
        }

        if (own.TryGetValue("--conf", out var file))
        {
            if (own.ContainsKey("--from") || own.ContainsKey("--users-from") || own.ContainsKey("--collections"))
            {
                return null;
            }

            var conf = SyncConf.Read(file);
            var storage = conf.Get("storage", "sqluri") ?? throw new ServerFullException($"'{file}' has no sqluri in [storage]. Name the database with --from.");
            var names = conf.IsTrue("storage", "standard_collections", otherwise: false) ? CollectionNames.Standard
                : conf.IsTrue("storage", "fixed_collections", otherwise: false) ? CollectionNames.Fixed
                : CollectionNames.ByUser;
            return (storage, conf.Get("auth", "sqluri") ?? storage, import with { Collections = names });
        }

        CollectionNames? collections = own.GetValueOrDefault("--collections") switch
        {
            null => CollectionNames.ByUser,
            "standard" => CollectionNames.Standard,
            "fixed" => CollectionNames.Fixed,
            _ => null,
        };
        return own.TryGetValue("--from", out var from) && collections is { } chosen
            ? (from, own.GetValueOrDefault("--users-from", from), import with { Collections = chosen })
            : null;
    }

    private static async Task<int> ImportAsync(
        SqlUri storageUri, SqlUri usersUri, bool isOne, ImportOptions import, LockstepOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        await using var storage = await ServerFullDatabase.OpenAsync(storageUri, cancellationToken);
        await using var apart = isOne ? null : await ServerFullDatabase.OpenAsync(usersUri, cancellationToken);

        // With SQLite a running server would not hear of what is written beside it.
        await using var here = await ServerStorage.OpenAsync(options, exclusive: true, fault => output.WriteLine(fault.Message));
        await using var alone = OnlyOne.Of(await here.Transfer.TryLockAsync(cancellationToken));
        var rules = new ImportRules(UserName.IsValid, UserName.AccountName, SyncNames.IsCollection, SyncNames.IsId);
        var run = new ServerFullImport(apart ?? storage, storage, here.Logins, here.Buckets, rules, import, TimeProvider.System);
        long? reported = null;
        var tally = await run.RunAsync(
            tally =>
            {
                if (reported is not { } last || TimeProvider.System.GetElapsedTime(last) >= ProgressInterval)
                {
                    reported = TimeProvider.System.GetTimestamp();
                    Line($"{tally.UsersImported + tally.UsersHere + tally.UsersRefused:N0} of {tally.Users:N0} users, {tally.RecordsImported:N0} of {tally.Records:N0} records");
                }
            },
            cancellationToken);
        foreach (var note in tally.Notes)
        {
            output.WriteLine(note);
        }

        Line($"Users: {tally.Users:N0} there; {tally.UsersImported:N0} imported, {tally.UsersHere:N0} here before, {tally.UsersRefused:N0} not imported.");
        Line($"Records: {tally.Records:N0} there; {tally.RecordsImported:N0} imported, {tally.RecordsExpired:N0} expired, {tally.RecordsRefused:N0} left out, {tally.RecordsOfOthers:N0} of users who were not imported now, {tally.RecordsOfNobody:N0} of nobody.");
        if (!tally.IsEven)
        {
            output.WriteLine("The counts do not meet. Stop the old server, and run the import again.");
        }

        return tally is { IsEven: true, IsWhole: true } ? 0 : 1;

        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }

    private static void WriteSettings(SyncConf conf, string file, TextWriter output)
    {
        output.WriteLine($"# Settings for Lockstep, from {file}. Passwords are among them where it had some: keep this as you kept that.");
        var options = SettingsTranslation.Of(conf);
        foreach (var option in options.Where(static option => option.Setting is not null))
        {
            if (option.Remark.Length > 0)
            {
                output.WriteLine($"# {option.Origin}: {option.Remark}");
            }

            output.WriteLine($"{SettingNames.ToEnvironment(option.Setting!)}={Quoted(option.Value!)}");
        }

        output.WriteLine();
        output.WriteLine("# Without a counterpart, or not needed:");
        foreach (var option in options.Where(static option => option.Setting is null))
        {
            output.WriteLine($"# {option.Origin}: {option.Remark}");
        }
    }

    /// <summary>As systemd and shells read it.</summary>
    private static string Quoted(string value) => value.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '/' or ':' or '@' or '+' or ',' or '*')
        ? value
        : $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal)}\"";
}

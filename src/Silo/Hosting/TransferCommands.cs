using System.Globalization;
using System.Reflection;
using Lockstep.Core.Attachments;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.OpenId;
using Lockstep.Interchange;

namespace Lockstep.Silo.Hosting;

/// <summary><c>export</c> and <c>import</c>: everything, or one account, as a file in an open format.</summary>
internal static class TransferCommands
{
    public const string Help =
        """
        export [--account NAME] [--without-passwords] [--resume] FILE|-
                               writes everything, or one account, as lines of JSON to a file or to the output; a server
                               may run meanwhile; --resume goes on with a file that was cut off
        import [--resume] [--check] FILE|-
                               takes such a file over, into an empty store or one where nobody has the names; --check only
                               reads it; --resume goes on with an import that was cut off; with SQLite the server must be
                               stopped
        """;

    /// <summary>What is the commands' own, and no setting: with a value.</summary>
    public static readonly IReadOnlyList<string> Own = ["--account"];

    /// <summary>The same without a value.</summary>
    private static readonly string[] Flags = ["--without-passwords", "--resume", "--check"];

    /// <summary>Parts what follows the command: its own options, its file, and settings.</summary>
    /// <exception cref="SettingsException">An option has no value.</exception>
    public static (IReadOnlyDictionary<string, string> Own, IReadOnlyList<string> Settings, IReadOnlyList<string> Files) Part(IReadOnlyList<string> arguments)
    {
        var flags = arguments.Where(static argument => Flags.Contains(argument, StringComparer.Ordinal)).ToList();
        var (options, rest) = SyncCommands.Part([.. arguments.Where(argument => !flags.Contains(argument, StringComparer.Ordinal))], Own);
        var own = new Dictionary<string, string>(options, StringComparer.Ordinal);
        foreach (var flag in flags)
        {
            own[flag] = "";
        }

        // A file is what stands in no place of a setting's value.
        var (settings, files) = (new List<string>(), new List<string>());
        for (var i = 0; i < rest.Count; i++)
        {
            if (!rest[i].StartsWith("--", StringComparison.Ordinal))
            {
                files.Add(rest[i]);
                continue;
            }

            settings.Add(rest[i]);
            if (!rest[i].Contains('=', StringComparison.Ordinal) && i + 1 < rest.Count)
            {
                settings.Add(rest[++i]);
            }
        }

        return (own, settings, files);
    }

    /// <returns>The exit code: 0 done, 1 something is left out or failed, 2 misunderstood.</returns>
    public static async Task<int> RunAsync(
        string command, IReadOnlyList<string> files, IReadOnlyDictionary<string, string> own, LockstepOptions options, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        string[] taken = command is "export" ? ["--account", "--without-passwords", "--resume"] : ["--resume", "--check"];
        if (files is not [var file] || own.Keys.Any(name => !taken.Contains(name, StringComparer.Ordinal)) || (file is "-" && command is "export" && own.ContainsKey("--resume")))
        {
            errors.WriteLine(Help);
            return 2;
        }

        try
        {
            return command is "export" ? await ExportAsync(file, own, options, errors, cancellationToken)
                : own.ContainsKey("--check") ? await CheckAsync(file, output, errors, cancellationToken)
                : await ImportAsync(file, own.ContainsKey("--resume"), options, output, errors, cancellationToken);
        }
        catch (InterchangeException e)
        {
            errors.WriteLine(e.Message);
            return 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"Cannot read or write '{file}': {e.Message}");
            return 1;
        }
    }

    private static async Task<int> ExportAsync(string file, IReadOnlyDictionary<string, string> own, LockstepOptions options, TextWriter errors, CancellationToken cancellationToken)
    {
        // :: Step 1: where it goes on.
        var (point, resumes) = (default(ExportPoint), own.ContainsKey("--resume"));
        if (resumes && File.Exists(file))
        {
            await using var before = OpenForReading(file);
            (point, var isWhole) = await ExportResumption.FindAsync(before, cancellationToken);
            if (isWhole)
            {
                errors.WriteLine($"'{file}' is whole already.");
                return 0;
            }
        }

        await using var storage = await ServerStorage.OpenAsync(options, exclusive: false, fault => errors.WriteLine(fault.Message));
        await using var output = file is "-" ? Console.OpenStandardOutput() : Create(file, resumes);
        if (file is not "-")
        {
            output.SetLength(point?.Length ?? 0);
            output.Position = point?.Length ?? 0;
        }

        // :: Step 2: the lines.
        var export = new StoreExport(
            StoresOf(storage, options),
            new ExportOptions
            {
                Account = own.GetValueOrDefault("--account"),
                WithoutPasswords = own.ContainsKey("--without-passwords"),
                Program = Assembly.GetExecutingAssembly().GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "",
                Source = storage.Description.Split(',')[0],
            },
            TimeProvider.System);
        var counts = await export.RunAsync(output, point, new TransferProgress(errors, TimeProvider.System).Buckets, cancellationToken);
        if (output is FileStream written)
        {
            written.Flush(flushToDisk: true);
        }

        foreach (var note in export.Notes)
        {
            errors.WriteLine(note);
        }

        errors.WriteLine($"Done: {Text(counts)}.");
        return export.Notes.Count == 0 ? 0 : 1;
    }

    private static async Task<int> CheckAsync(string file, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        await using var input = file is "-" ? Console.OpenStandardInput() : OpenForReading(file);
        var counts = await StoreImport.CheckAsync(input, file is "-" ? 0 : input.Length, new TransferProgress(errors, TimeProvider.System).Bytes, cancellationToken);
        output.WriteLine($"The file is whole: {Text(counts)}.");
        return 0;
    }

    private static async Task<int> ImportAsync(string file, bool resumes, LockstepOptions options, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        // :: Step 1: whether the file is whole, before anything is written. Standard input can be read once only.
        await using var input = file is "-" ? Console.OpenStandardInput() : OpenForReading(file);
        if (file is not "-")
        {
            await StoreImport.CheckAsync(input, input.Length, static _ => { }, cancellationToken);
            input.Position = 0;
        }

        // :: Step 2: what it has. With SQLite a running server would not hear of what is written beside it.
        await using var storage = await ServerStorage.OpenAsync(options, exclusive: true, fault => errors.WriteLine(fault.Message));
        await using var alone = OnlyOne.Of(await storage.Transfer.TryLockAsync(cancellationToken));
        var import = new StoreImport(StoresOf(storage, options), TimeProvider.System);
        var counts = await import.RunAsync(input, file is "-" ? 0 : input.Length, resumes, new TransferProgress(errors, TimeProvider.System).Bytes, cancellationToken);
        output.WriteLine($"Done: {Text(counts)}; {import.Before.ToString("N0", CultureInfo.InvariantCulture)} of the buckets were here before.");
        if (import.Dropped > 0)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Rights and members of groups: {import.Dropped:N0} left out, of accounts that are not in the file."));
        }

        if (import.Strangers > 0)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Buckets: {import.Strangers:N0} left out, of users who came while the file was written and are not in it."));
        }

        return 0;
    }

    private static InterchangeStores StoresOf(ServerStorage storage, LockstepOptions options)
    {
        var secret = new AccountSecret(storage.Secret);
        return new InterchangeStores
        {
            Buckets = storage.Buckets,
            Snapshots = storage.Snapshots,
            Accounts = storage.Accounts,
            Transfer = storage.Transfer,
            Assignments = storage.Assignments,
            Quotas = storage.Quotas,
            Files = storage.Attachments,

            // Content lies where it was put: in the directory, or in the database before that was set.
            Contents = storage.Attachments is IAttachmentContent kept && !ReferenceEquals(kept, storage.Content) ? [storage.Content, kept] : [storage.Content],
            DefaultBucketOf = (principal, number) => number == 0 ? OpenIdData.DefaultBucketOf(principal, secret) : AccountDirectory.DefaultBucketOf(number, secret),
        };
    }

    private static FileStream OpenForReading(string file) => new(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.Asynchronous | FileOptions.SequentialScan);

    /// <summary>Hashes of passwords are in it, so that only its owner may read it.</summary>
    private static FileStream Create(string file, bool resumes)
    {
        var how = new FileStreamOptions
        {
            Mode = resumes ? FileMode.OpenOrCreate : FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 1 << 20,
            Options = FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
        {
            how.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(file, how);
    }

    private static string Text(ExportCounts counts) => string.Create(
        CultureInfo.InvariantCulture,
        $"{counts.Accounts:N0} accounts, {counts.Stores:N0} Sync users, {counts.Quotas:N0} quotas, {counts.Buckets:N0} buckets with {counts.Records:N0} records and {counts.Files:N0} files");
}

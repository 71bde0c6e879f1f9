using Lockstep.Core.Storage;
using Lockstep.Gateway.FirefoxAccounts;
using Lockstep.Silo.Cluster;
using Lockstep.Silo.Doctor;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.Sqlite.Schema;
using Lockstep.Storage.Sqlite;

namespace Lockstep.Silo.Hosting;

/// <summary>From a command line to settings, then to a command or a server, then to an exit code.</summary>
internal static class LockstepProgram
{
    private const int LeastThreads = 8;

    /// <returns>The exit code: 0 done, 1 failed, 2 misunderstood.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["--help" or "-h" or "help", ..])
        {
            Console.WriteLine("(no command)           runs the server; settings: --urls URL, --role all|silo|gateway, … (docs/operations/configuration.md)");
            Console.WriteLine(AccountCommands.Help);
            Console.WriteLine(InvitationCommands.Help);
            Console.WriteLine(AdministratorCommands.Help);
            Console.WriteLine(SyncCommands.Help);
            Console.WriteLine(FirefoxAccountCommands.Help);
            Console.WriteLine(QuotaCommands.Help);
            Console.WriteLine("migrate                brings the PostgreSQL database's schema up to date, as a role that may");
            Console.WriteLine(CopyCommand.Help);
            Console.WriteLine(BackupCommand.Help);
            Console.WriteLine(RestoredCommand.Help);
            Console.WriteLine(CheckCommand.Help);
            Console.WriteLine(DoctorCommand.Help);
            Console.WriteLine(TransferCommands.Help);
            Console.WriteLine(SyncStorageCommands.Help);
            Console.WriteLine(ServerFullCommands.Help);
            Console.WriteLine(KintoCommands.Help);
            return 0;
        }

        try
        {
            return await RunCheckedAsync(args);
        }
        catch (Exception e) when (e is SettingsException or SqliteSchemaException or PostgresSetupException or StoreUnavailableException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
        catch (System.Data.Common.DbException e)
        {
            Console.Error.WriteLine($"The database was lost: {e.Message} Run the command again.");
            return 1;
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            Console.Error.WriteLine($"The settings or the database cannot be read: {e.Message} {e.InnerException?.Message}");
            return 1;
        }
    }

    private static async Task<int> RunCheckedAsync(string[] args)
    {
        if (args is ["doctor", .. var given])
        {
            // It reports settings that cannot be read, so they are not read here.
            return await DoctorCommand.RunAsync(given, Environment.GetEnvironmentVariables(), TimeProvider.System, Console.Out, CancellationToken.None);
        }

        // :: Settings
        var command = args is ["account" or "administrator" or "sync" or "firefox-accounts" or "quota" or "migrate" or "copy" or "backup" or "restored" or "check" or "export" or "import" or "syncstorage" or "server-full" or "kinto", ..]
            ? args.TakeWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal)).ToArray()
            : [];

        // Files may stand before or behind options.
        var transfer = command is ["export" or "import", ..] ? TransferCommands.Part(args[1..]) : default;
        var (own, settings) = command switch
        {
            ["sync" or "firefox-accounts", ..] => SyncCommands.Part(args[command.Length..]),
            _ when InvitationCommands.Has(command) => SyncCommands.Part(args[command.Length..], InvitationCommands.Own),
            ["export" or "import", ..] => (transfer.Own, transfer.Settings),
            ["syncstorage", ..] => SyncStorageCommands.Part(args[command.Length..]),
            ["server-full", ..] => SyncCommands.Part(args[command.Length..], ServerFullCommands.Own),
            ["check", ..] => CheckCommand.Part(args[command.Length..]),
            ["restored", ..] => SyncCommands.Part(args[command.Length..], RestoredCommand.Own),
            ["kinto", ..] => SyncCommands.Part(args[command.Length..], KintoCommands.Own),
            _ => (new Dictionary<string, string>(StringComparer.Ordinal), args[command.Length..]),
        };
        var variables = Environment.GetEnvironmentVariables();
        var sockets = command.Length == 0 ? PassedSockets.Read(variables, Environment.ProcessId) : PassedSockets.None;
        var configuration = SettingSources.Read(AppContext.BaseDirectory, variables, settings, sockets);
        var options = LockstepSettings.Read(configuration);

        // :: Commands
        switch (command)
        {
            case ["account", .. var invitation] when InvitationCommands.Has(command):
                return await InvitationCommands.RunAsync(invitation, own, options, Console.Out);
            case ["account", .. var account]:
                return await AccountCommands.RunAsync(account, options, Console.In, Console.Out);
            case ["administrator", .. var administrator]:
                return await AdministratorCommands.RunAsync(administrator, options, Console.Out);
            case ["sync", .. var sync]:
                return await SyncCommands.RunAsync(sync, own, options, Console.Out);
            case ["firefox-accounts", .. var accounts]:
                return await FirefoxAccountCommands.RunAsync(accounts, own, options, Console.Out);
            case ["quota", .. var quota]:
                return await QuotaCommands.RunAsync(quota, options, Console.Out);
            case ["migrate"]:
                Console.WriteLine($"The schema is at version {await PostgresDatabase.MigrateAsync(options.Postgres, CancellationToken.None)}.");
                return 0;
            case ["copy"]:
                return await CopyCommand.RunAsync(options, Console.Out, CancellationToken.None);
            case ["backup", .. var backup]:
                return BackupCommand.Run(backup, options, Console.Out);
            case ["check", .. var check]:
                return await CheckCommand.RunAsync(check, own, options, TimeProvider.System, Console.Out, CancellationToken.None);
            case ["restored", .. var restored]:
                return await RestoredCommand.RunAsync(restored, own, options, TimeProvider.System, Console.Out, CancellationToken.None);
            case [("export" or "import") and var verb, ..]:
                return await TransferCommands.RunAsync(verb, transfer.Files, own, options, Console.Out, Console.Error, CancellationToken.None);
            case ["syncstorage", .. var syncStorage]:
                return await SyncStorageCommands.RunAsync(syncStorage, own, options, Console.Out, CancellationToken.None);
            case ["server-full", .. var serverFull]:
                return await ServerFullCommands.RunAsync(serverFull, own, options, Console.Out, CancellationToken.None);
            case ["kinto", .. var kinto]:
                return await KintoCommands.RunAsync(kinto, own, options, Console.Out, CancellationToken.None);
            case [var other, ..]:
                Console.Error.WriteLine($"'{other}' takes no arguments but settings; '--help' lists the commands.");
                return 2;
        }

        // :: Server
        AllowThreads();
        using var bound = new StopBound();
        var faults = new StorageFaults(TimeProvider.System);
        await using var storage = await ServerStorage.OpenAsync(options, exclusive: true, faults.Report);
        if (AccountServer.ReadKey(options) is { } key && !await FirefoxAccountsServiceCollectionExtensions.IsKeyOfAsync(key, storage.KeyedAccounts))
        {
            throw new SettingsException("The accounts in the database were made under another key than FirefoxAccounts:KeyFile or FirefoxAccounts:Key. Use the earlier key again: nothing that is encrypted can be read without it.");
        }

        if (options is { HasSilo: true, IsAlone: false })
        {
            await SiloGeneration.RaiseAsync(options, CancellationToken.None);
        }

        await using var app = LockstepServer.Build(options, configuration, storage, TimeProvider.System, sockets: sockets);
        faults.Logger = app.Logger;
        bound.Watch(app, options);
        using var reload = Reload.By(app);
        try
        {
            if (sockets.Handles.Count == 0)
            {
                StaleSockets.Remove(options.Urls);
            }

            await app.StartAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or OrleansLifecycleCanceledException && app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // It was told to stop before it had joined. If it had begun to join, Orleans throws an exception of its own.
            return 0;
        }
        catch (Exception e) when (Listeners.HasFailed(e))
        {
            var (addresses, setting) = options.Listeners();
            Console.Error.WriteLine($"Cannot listen on {addresses}: {e.Message.TrimEnd('.')}. Stop what listens there, or set {setting} to something else.");
            return 1;
        }

        await FirstAdministrator.OfferAsync(app.Logger, app.Urls.FirstOrDefault(options.Urls), options, storage, FirstAdministrator.IsLogged(variables) ? null : Console.Out);
        await app.WaitForShutdownAsync();
        return 0;
    }

    /// <summary>
    /// The runtime begins with a thread for each processor, and adds others slowly. A few requests that only compute, such as large patches, would have all of them, and
    /// short requests would wait. With more threads the system divides the processors between them.
    /// </summary>
    private static void AllowThreads()
    {
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Math.Max(LeastThreads, 2 * Environment.ProcessorCount)), ports);
    }
}

using Lockstep.Core.Storage;
using Lockstep.Gateway.Hosting;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.Sqlite;

// The single-node server, and its commands.
if (args is ["--help" or "-h" or "help", ..])
{
    Console.WriteLine("(no command)           runs the server; settings: --data-directory PATH, --urls URL, … (docs/operations/configuration.md)");
    Console.WriteLine(AccountCommands.Help);
    return 0;
}

try
{
    // :: Settings: file, then environment, then command line.
    var command = args is ["account", ..] ? args.Skip(1).TakeWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal)).ToArray() : null;
    var configuration = new ConfigurationBuilder()
        .SetBasePath(AppContext.BaseDirectory)
        .AddJsonFile("appsettings.json", optional: true)
        .AddInMemoryCollection(SettingNames.FromEnvironment(Environment.GetEnvironmentVariables()))
        .AddInMemoryCollection(SettingNames.FromCommandLine(args[(command is null ? 0 : command.Length + 1)..]))
        .Build();
    var options = LockstepSettings.Read(configuration);

    if (command is not null)
    {
        return await AccountCommands.RunAsync(command, options, Console.In, Console.Out);
    }

    // :: Server
    var faults = new StorageFaults();
    await using var storage = await ServerStorage.OpenAsync(options, exclusive: true, faults.Report);
    await using var app = LockstepServer.Build(options, configuration, storage, TimeProvider.System);
    faults.Logger = app.Logger;
    try
    {
        StaleSockets.Remove(options.Urls);
        await app.StartAsync();
    }
    catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or InvalidOperationException)
    {
        Console.Error.WriteLine($"Cannot listen on {options.Urls}: {e.Message} Stop what listens there, or set Urls to another address.");
        return 1;
    }

    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception e) when (e is SettingsException or SqliteSchemaException or PostgresSetupException or StoreUnavailableException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
catch (Exception e) when (e is InvalidDataException or FormatException)
{
    Console.Error.WriteLine($"The settings or the database cannot be read: {e.Message} {e.InnerException?.Message}");
    return 1;
}

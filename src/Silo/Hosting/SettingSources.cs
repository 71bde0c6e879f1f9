using Lockstep.Gateway.Console.Administration.Settings;
using Lockstep.Silo.Administration;

namespace Lockstep.Silo.Hosting;

/// <summary>Where settings come from: a file beside the program, then the environment, then the command line, then sockets that were opened for it. What comes later counts.</summary>
internal static class SettingSources
{
    public const string FileName = "appsettings.json";

    /// <param name="directory">Where the program lies. Where no <c>appsettings.json</c> is there, as with a program of one file, the one of the source counts.</param>
    /// <param name="variables">The environment.</param>
    /// <param name="arguments">The command line, without a command.</param>
    /// <param name="sockets">Those that were passed.</param>
    /// <exception cref="SettingsException">An argument is no setting.</exception>
    /// <exception cref="InvalidDataException">The file is no JSON.</exception>
    public static IConfigurationRoot Read(string directory, System.Collections.IDictionary variables, IReadOnlyList<string> arguments, PassedSockets sockets)
    {
        // Disposed only after Build has read it.
        using var shipped = typeof(SettingSources).Assembly.GetManifestResourceStream(FileName)!;
        var sources = new ConfigurationBuilder().SetBasePath(directory);
        var withFile = File.Exists(Path.Combine(directory, FileName)) ? sources.AddJsonFile(FileName) : sources.AddJsonStream(shipped);
        return withFile
            .Add(new OriginProvider(SettingOrigin.Environment, SettingNames.FromEnvironment(variables)))
            .Add(new OriginProvider(SettingOrigin.CommandLine, SettingNames.FromCommandLine(arguments)))
            .Add(new OriginProvider(SettingOrigin.Socket, SettingNames.FromSockets(sockets)))
            .Build();
    }
}

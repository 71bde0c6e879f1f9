namespace Lockstep.Gateway.Console.Administration.Settings;

/// <summary>Where the value of a setting comes from.</summary>
public enum SettingOrigin
{
    /// <summary>Nobody has set it.</summary>
    Default,

    /// <summary>The server has worked it out, from other settings or from the machine.</summary>
    Derived,

    /// <summary>The file <c>appsettings.json</c> beside the program.</summary>
    File,

    /// <summary>A variable of the environment.</summary>
    Environment,

    /// <summary>The command line.</summary>
    CommandLine,

    /// <summary>Sockets that were opened for the program.</summary>
    Socket,
}

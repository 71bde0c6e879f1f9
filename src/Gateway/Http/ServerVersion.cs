using System.Reflection;

namespace Lockstep.Gateway.Http;

/// <summary>What was built: the version, and the commit when the build knew it.</summary>
public static class ServerVersion
{
    private static readonly string[] Parts = (typeof(ServerVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+', 2);

    public static string Version => Parts[0];

    public static string Commit => Parts.Length > 1 ? Parts[1] : "unknown";
}

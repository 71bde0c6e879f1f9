using System.Collections;
using Lockstep.Silo.Hosting;
using Microsoft.Extensions.Configuration;

namespace Lockstep.Gateway.Protocol;

/// <summary>Which of the places counts that settings come from.</summary>
public sealed class SettingSourcesTests : IDisposable
{
    private const string LevelOfOrleans = "Logging:LogLevel:Orleans";
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("lockstep-settings-");

    public void Dispose() => directory.Delete(recursive: true);

    /// <summary>As with the program of one file.</summary>
    [Fact]
    public void Logging_WithoutAFileBesideTheProgram_IsThatOfTheSource() => Assert.Equal("Warning", Read()[LevelOfOrleans]);

    [Fact]
    public void File_BesideTheProgram_TakesThePlaceOfTheSources_AsAWhole()
    {
        Write("""{ "Logging": { "LogLevel": { "Default": "Trace" } } }""");

        Assert.Equal("Trace", Read()["Logging:LogLevel:Default"]);
        Assert.Null(Read()[LevelOfOrleans]);
    }

    [Fact]
    public void Setting_CountsAsTheCommandLineSays_ThenTheEnvironment_ThenTheFile()
    {
        Write("""
            {
              // As people comment things out.
              "Lockstep": { "DataDirectory": "/file", "Role": "silo", "LogFormat": "json" }
            }
            """);

        var settings = Read(new Hashtable { ["LOCKSTEP_ROLE"] = "gateway", ["LOCKSTEP_LOG_FORMAT"] = "text" }, "--role", "all");

        Assert.Equal(["/file", "all", "text"], new[] { "DataDirectory", "Role", "LogFormat" }.Select(name => settings[$"Lockstep:{name}"]));
    }

    private IConfigurationRoot Read(Hashtable? variables = null, params string[] arguments) => SettingSources.Read(directory.FullName, variables ?? [], arguments, PassedSockets.None);

    private void Write(string text) => File.WriteAllText(Path.Combine(directory.FullName, "appsettings.json"), text);
}

using Lockstep.Silo.Logging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.Protocol;

/// <summary>Levels of the log that change while the server runs.</summary>
public sealed class LogLevelTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Fact]
    public void File_ThatChanges_ChangesLevelsOfLoggersThatAreThere_AndOneThatCannotBeReadChangesNothing()
    {
        File.WriteAllText(path, Levels("Warning"));
        var file = new LogLevelFile(path, new ConfigurationBuilder().AddJsonFile(path).Build());
        using var loggers = LoggerFactory.Create(logging => logging.AddConfiguration(file.Levels).AddProvider(new Nowhere()));
        var logger = loggers.CreateLogger("Lockstep.Gateway");
        Assert.Null(file.Look());
        Assert.False(logger.IsEnabled(LogLevel.Information));

        File.WriteAllText(path, Levels("Debug"));
        Assert.Equal("", file.Look());
        Assert.True(logger.IsEnabled(LogLevel.Debug));

        foreach (var wrong in new[] { "{\"Logging\":", Levels("Loud"), "" })
        {
            File.WriteAllText(path, wrong);
            Assert.NotEqual("", file.Look() ?? "");
            Assert.True(logger.IsEnabled(LogLevel.Debug));
            Assert.Null(file.Look());
        }

        File.Delete(path);
        Assert.Null(file.Look());
        Assert.True(logger.IsEnabled(LogLevel.Debug));

        // Another part of the file.
        File.WriteAllText(path, Levels("Debug").Replace("{\"Logging\"", "{\"Lockstep\":{},\"Logging\"", StringComparison.Ordinal));
        Assert.Null(file.Look());

        File.WriteAllText(path, Levels("Error"));
        Assert.Equal("", file.Look());
        Assert.False(logger.IsEnabled(LogLevel.Warning));
    }

    private static string Levels(string level) => """{"Logging":{"LogLevel":{"Default":"None","Lockstep":"LEVEL"}}}""".Replace("LEVEL", level, StringComparison.Ordinal);

    private sealed class Nowhere : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
        }

        public void Dispose()
        {
        }
    }
}

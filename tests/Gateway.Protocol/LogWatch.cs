using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.Protocol;

/// <summary>
/// Hears what a server in these tests logs about requests, which goes nowhere otherwise: its own lines from Debug on, and those
/// of ASP.NET Core that are logged by the settings that are shipped.
/// </summary>
[ProviderAlias("Heard")]
internal sealed class LogWatch : ILoggerProvider
{
    /// <summary>For a server that may be listened to.</summary>
    public static readonly IReadOnlyList<KeyValuePair<string, string?>> Settings =
    [
        new("Logging:LogLevel:Default", "None"),
        new("Logging:Heard:LogLevel:Default", "None"),
        new("Logging:Heard:LogLevel:Lockstep.Gateway", "Debug"),
        new("Logging:Heard:LogLevel:Microsoft", "Warning"),

        // Says that connections have ended.
        new("Logging:Heard:LogLevel:Microsoft.AspNetCore.Server.Kestrel.Connections", "Debug"),
    ];

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<(LogLevel Level, string Line)> entries = new();
    private readonly SemaphoreSlim connectionsClosed = new(0);

    /// <summary>Begins to listen to a running server.</summary>
    public static LogWatch On(IServiceProvider services)
    {
        var watch = new LogWatch();
        services.GetRequiredService<ILoggerFactory>().AddProvider(watch);
        return watch;
    }

    public IEnumerable<string> Above(LogLevel level) => entries.Where(entry => entry.Level > level).Select(entry => entry.Line);

    /// <summary>Waits until the server has done with so many more connections, whatever it had to say of their requests said.</summary>
    public async Task ConnectionsClosedAsync(int count)
    {
        for (var closed = 0; closed < count; closed++)
        {
            Assert.True(await connectionsClosed.WaitAsync(Deadline), $"{closed} of {count} connections were closed.");
        }
    }

    public ILogger CreateLogger(string categoryName) => new Listener(this, categoryName);

    public void Dispose()
    {
        // Whoever heard it may still ask; the server is disposed first.
    }

    private void Hear(string category, LogLevel level, EventId id, string message, Exception? exception)
    {
        entries.Enqueue((level, $"{level} {category}: {message} {exception}"));
        if (id.Name is "ConnectionStop")
        {
            connectionsClosed.Release();
        }
    }

    private sealed class Listener(LogWatch watch, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            watch.Hear(category, logLevel, eventId, formatter(state, exception), exception);
    }
}

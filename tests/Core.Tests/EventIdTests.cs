using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Lockstep.Core.Tests;

/// <summary>Operators find a line of the log by its EventId, in the documents and in their alerts: no two lines have the same, in whichever project they are.</summary>
public sealed class EventIdTests
{
    [Fact]
    public void Lines_OfTheWholeProgram_HaveEventIdsOfTheirOwn()
    {
        var program = typeof(Program).Assembly;
        var shipped = program.GetReferencedAssemblies().Where(static name => name.Name!.StartsWith("Lockstep.", StringComparison.Ordinal)).Select(Assembly.Load).Append(program);
        var lines = shipped.SelectMany(static assembly => assembly.GetTypes())
            .SelectMany(static type => type.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(static method => (Name: $"{method.DeclaringType}.{method.Name}", Declared: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(static line => line.Declared is not null)
            .ToLookup(static line => line.Declared!.EventId, static line => line.Name);

        Assert.InRange(lines.Count, 50, int.MaxValue);
        Assert.All(lines, static line => Assert.True(line.Key > 0 && line.Count() == 1, $"{line.Key}: {string.Join(", ", line)}"));
    }
}

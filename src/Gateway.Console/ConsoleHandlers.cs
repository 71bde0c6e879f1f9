using Lockstep.Gateway.Console.Sessions;

namespace Lockstep.Gateway.Console;

/// <summary>All handlers of the console.</summary>
internal sealed class ConsoleHandlers(SessionHandlers sessions)
{
    public SessionHandlers Sessions => sessions;
}

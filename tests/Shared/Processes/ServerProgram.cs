namespace Lockstep.Testing;

/// <summary>Which build of the server tests start in processes of their own.</summary>
internal static class ServerProgram
{
    /// <summary>Names a build, as <c>…/lockstep.dll</c> or the one file that needs no .NET: a published one starts in half the CPU. Unset: what was built beside the tests.</summary>
    private const string Variable = "LOCKSTEP_SERVER";

    /// <param name="built">What was built beside the tests, as <c>…/lockstep.dll</c>.</param>
    public static string Or(string built) => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : built;

    /// <returns>What starts it: itself, or <c>dotnet</c> with it.</returns>
    public static IReadOnlyList<string> Command(string program) => program.EndsWith(".dll", StringComparison.Ordinal) ? ["dotnet", program] : [program];
}

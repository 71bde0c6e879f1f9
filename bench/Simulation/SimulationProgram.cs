using System.Globalization;

namespace Lockstep.Bench.Simulation;

/// <summary>Prints how many machines so many users need, and what happens when many come at once.</summary>
internal static class SimulationProgram
{
    private const string Usage = "usage: dotnet run -c Release --project bench/Simulation -- [--costs FILE] [--seed N] [--devices N] [--hours N]";

    private static int Main(string[] arguments)
    {
        try
        {
            return Run(arguments);
        }
        catch (Exception e) when (e is FormatException or IOException)
        {
            Console.Error.WriteLine(e.Message);
            return 2;
        }
    }

    private static int Run(string[] arguments)
    {
        var (costs, numbers) = (Costs.Default, new Dictionary<string, int>(StringComparer.Ordinal) { ["--seed"] = 1, ["--devices"] = 50_000, ["--hours"] = 8 });
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (arguments[i] == "--costs" && i + 1 < arguments.Length)
            {
                using var file = new StreamReader(arguments[i + 1]);
                costs = Costs.Parse(file);
            }
            else if (numbers.ContainsKey(arguments[i]) && i + 1 < arguments.Length
                && int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
            {
                numbers[arguments[i]] = number;
            }
            else
            {
                throw new FormatException(Usage);
            }
        }

        new Tables(Console.Out, costs, numbers["--seed"], numbers["--devices"], numbers["--hours"]).Write();
        return 0;
    }
}

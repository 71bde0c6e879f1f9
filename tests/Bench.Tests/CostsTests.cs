using Lockstep.Bench.Simulation;

namespace Lockstep.Bench.Tests;

/// <summary>The inputs, and the tables made of them.</summary>
public sealed class CostsTests
{
    [Fact]
    public void Costs_ThoseOfTheProgram_SayWhatMeasuredThem()
    {
        Assert.All(Costs.Default.Figures.Where(static figure => figure.Source.StartsWith("measured", StringComparison.Ordinal)), static figure => Assert.Matches(@"^measured: (bench/|tests/|time )", figure.Source));
        Assert.Contains(Costs.Default.Figures, static figure => figure.Source.StartsWith("assumed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("poll.cold.gateway | 105 | us", "Not NAME")]
    [InlineData("poll.cold.gateway | much | us | assumed", "Not NAME")]
    [InlineData("poll.cold.gateway | -1 | us | assumed", "Not NAME")]
    [InlineData("poll.cold.gateway | 1 | us | guessed", "Neither measured")]
    [InlineData("a | 1 | us | assumed\na | 1 | us | assumed", "'a' is there twice")]
    public void Costs_BadLine_IsNamed(string lines, string message) =>
        Assert.StartsWith(message, Assert.Throws<FormatException>(() => Costs.Parse(new StringReader(lines))).Message, StringComparison.Ordinal);

    [Fact]
    public void Costs_FigureThatIsNotThere_IsNamed() =>
        Assert.Contains("'hash.gateway'", Assert.Throws<FormatException>(() => Costs.Parse(new StringReader("# nothing"))["hash.gateway"]).Message, StringComparison.Ordinal);

    [Fact]
    public void Tables_SameInputsAndSeed_AreTheSame()
    {
        var text = Write(Costs.Default);

        Assert.Equal(text, Write(Costs.Default));
        Assert.NotEqual(text, Write(Costs.Default.With("poll.cold.gateway", 1000)));
        Assert.Contains("| **databases** |", text, StringComparison.Ordinal);
    }

    private static string Write(Costs costs)
    {
        using var output = new StringWriter();
        new Tables(output, costs, seed: 1, devices: 500, hours: 1).Write();
        return output.ToString();
    }
}

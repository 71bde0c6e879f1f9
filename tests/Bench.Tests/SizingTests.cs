using Lockstep.Bench.Simulation;

namespace Lockstep.Bench.Tests;

/// <summary>Machines for so many users, and how long requests wait in them.</summary>
public sealed class SizingTests
{
    private const double Million = 1_000_000;

    private static readonly Costs Costs = Costs.Default;

    private static readonly int[] Counts = [1, 10_000, 1_000_000, 10_000_000, 100_000_000];

    public static TheoryData<int> Users => [.. Counts];

    [Theory]
    [InlineData(1, 0.5, 0.5)]
    [InlineData(2, 1.0, 1.0 / 3)]
    [InlineData(4, 0.0, 0.0)]
    [InlineData(4, 4.0, 1.0)]
    public void Waiting_Probability_IsThatOfErlang(int cores, double load, double expected) => Assert.Equal(expected, Waiting.Probability(cores, load), precision: 9);

    [Fact]
    public void Waiting_MoreWorkThanCores_IsEndless() => Assert.Equal(double.PositiveInfinity, Waiting.Percentile99(2, 2, 1));

    [Fact]
    public void Sizing_NoLoad_IsTheMeasuredLatency()
    {
        var sizing = new Sizing(new Population(0, Costs));

        Assert.Equal(Costs["latency.poll"], sizing.PollPercentile(sizing.Find()));
        Assert.Equal(Costs["latency.write"], sizing.WritePercentile(sizing.Find()));
    }

    [Theory]
    [MemberData(nameof(Users))]
    public void Sizing_OneOfEachIsLost_TheOthersHaveRoom(int users)
    {
        var population = new Population(users, Costs);
        var size = new Sizing(population).Find();

        Assert.InRange(population.Load.Gateway / Million, 0, (size.Gateways - 1) * Costs["gateway.cores"] * Costs["busy"]);
        Assert.InRange(population.Load.Silo / Million, 0, (size.Silos - 1) * Costs["silo.cores"] * Costs["busy"]);
        Assert.InRange(population.Owners * Costs["memory.owner"], 0, (size.Silos - 1) * Costs["machine.memory"] / 2);
        Assert.InRange(population.RecordBytes, 0, size.Databases * Costs["database.disk"]);
    }

    [Theory]
    [MemberData(nameof(Users))]
    public void Sizing_Percentiles_AreWithinTheirAims(int users)
    {
        var sizing = new Sizing(new Population(users, Costs));

        Assert.InRange(sizing.PollPercentile(sizing.Find()), Costs["latency.poll"], Costs["aim.poll"]);
        Assert.InRange(sizing.WritePercentile(sizing.Find()), Costs["latency.write"], Costs["aim.write"]);
    }

    [Fact]
    public void Sizing_MoreUsers_NeedNoFewerMachines()
    {
        var sizes = Counts.Select(static users => new Sizing(new Population(users, Costs)).Find()).ToList();

        Assert.All(sizes.Zip(sizes.Skip(1)), static pair => Assert.True(
            pair.First.Gateways <= pair.Second.Gateways && pair.First.Silos <= pair.Second.Silos && pair.First.Databases <= pair.Second.Databases, pair.ToString()));
    }

    [Fact]
    public void HotBucket_AsManyDevicesAsItSays_KeepHalfOfItsSiloBusy()
    {
        var bucket = new HotBucket(Costs);

        Assert.Equal(Costs["silo.cores"] / 2, bucket.Cores(bucket.Devices(600, 0.1), 600, 0.1).Silo, precision: 6);
        Assert.Equal(0, bucket.Cores(0, 600, 0).Silo);
    }
}

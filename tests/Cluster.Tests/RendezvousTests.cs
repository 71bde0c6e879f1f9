using System.Net;
using Lockstep.Grains.Placement;
using Orleans.Runtime;

namespace Lockstep.Cluster.Tests;

public sealed class RendezvousTests
{
    private static readonly string[] Buckets = [.. Enumerable.Range(0, 20_000).Select(i => $"d:account:user{i}")];

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(50)]
    public void Homes_OfManyBuckets_AreEven(int silos)
    {
        var homes = new HomeSilos(Silos(silos));

        var perSilo = Buckets.CountBy(homes.Of).Select(home => home.Value).ToList();

        Assert.Equal(silos, perSilo.Count);
        var even = Buckets.Length / silos;
        Assert.All(perSilo, count => Assert.InRange(count, even * 3 / 4, even * 5 / 4));
    }

    [Fact]
    public void SiloComes_OnlyBucketsThatItGetsMove()
    {
        var before = new HomeSilos(Silos(9));
        var come = Silos(10)[^1];
        var after = new HomeSilos([come, .. Silos(9)]);

        var moved = Buckets.Where(bucket => !before.Of(bucket).Equals(after.Of(bucket))).ToList();

        Assert.InRange(moved.Count, Buckets.Length / 10 * 3 / 4, Buckets.Length / 10 * 5 / 4);
        Assert.All(moved, bucket => Assert.Equal(come, after.Of(bucket)));
    }

    /// <summary>Members of two versions beside each other agree on homes.</summary>
    [Fact]
    public void Score_IsForEver() => Assert.Equal(15949585517716902293UL, Rendezvous.Score(Rendezvous.Hash("d:account:alice"), Rendezvous.Hash("10.0.0.1:11111")));

    [Fact]
    public void SiloRestarts_KeepsItsBuckets()
    {
        var before = new HomeSilos(Silos(5));
        var after = new HomeSilos(Silos(5, generation: 2));

        Assert.All(Buckets.Take(100), bucket => Assert.Equal(before.Of(bucket).Endpoint, after.Of(bucket).Endpoint));
    }

    private static SiloAddress[] Silos(int count, int generation = 1) =>
        [.. Enumerable.Range(1, count).Select(i => SiloAddress.New(new IPEndPoint(new IPAddress([10, 0, 0, (byte)i]), 11111), generation))];
}

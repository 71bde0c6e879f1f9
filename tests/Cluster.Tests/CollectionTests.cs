using Lockstep.Grains;

namespace Lockstep.Cluster.Tests;

/// <summary>
/// Orleans' collection of idle activations goes by the wall clock. Where that was set back by more than the collection had looked
/// ahead, it refuses to activate any grain that it would collect, until the clock has caught up.
/// </summary>
public sealed class CollectionTests
{
    [Fact]
    public void Grains_AreNeverCollectedByOrleans()
    {
        var grains = typeof(LocalOwners).Assembly.GetTypes().Where(static type => type.IsSubclassOf(typeof(Grain)) && !type.IsAbstract).ToList();

        Assert.True(grains.Count >= 3);
        Assert.All(grains, static grain => Assert.True(grain.IsDefined(typeof(KeepAliveAttribute), inherit: true), $"{grain.Name} may be collected."));
    }
}

namespace Lockstep.Cluster.Chaos.Network;

/// <summary>Where members are, and how they reach each other.</summary>
internal interface IClusterNetwork : IAsyncDisposable
{
    /// <summary>The address at which silos reach what the test listens on.</summary>
    string TestAddress { get; }

    /// <summary>Null when silos can be cut off from each other here; else why not.</summary>
    string? CannotCut { get; }

    /// <summary>The address of a silo.</summary>
    string AddressOf(int silo);

    /// <summary>What stands in front of a silo's command line so that it runs at its address.</summary>
    IReadOnlyList<string> CommandOf(int silo);

    /// <summary>From now on the two silos hear nothing of each other; nobody tells them so.</summary>
    Task CutAsync(int one, int other);

    /// <summary>They hear each other again.</summary>
    Task JoinAsync(int one, int other);
}

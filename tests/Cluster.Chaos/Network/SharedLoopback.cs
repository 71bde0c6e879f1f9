namespace Lockstep.Cluster.Chaos.Network;

/// <summary>All members on 127.0.0.1.</summary>
internal sealed class SharedLoopback(string cannotCut) : IClusterNetwork
{
    public string TestAddress => "127.0.0.1";

    public string? CannotCut => cannotCut;

    public string AddressOf(int silo) => "127.0.0.1";

    public IReadOnlyList<string> CommandOf(int silo) => [];

    public Task CutAsync(int one, int other) => throw new NotSupportedException(cannotCut);

    public Task JoinAsync(int one, int other) => throw new NotSupportedException(cannotCut);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

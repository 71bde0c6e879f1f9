namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>
/// Tests that need servers as they are shipped and no part of them for themselves: each has users of its own there. What looks
/// at the whole server, or needs other settings, has its own.
/// </summary>
[CollectionDefinition(Name)]
public sealed class SharedServer : ICollectionFixture<SynctoServers>
{
    public const string Name = "One server";
}

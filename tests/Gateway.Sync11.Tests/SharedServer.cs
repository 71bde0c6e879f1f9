namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>
/// Tests that need a server as it is shipped and no part of it for themselves: each has users of its own there. What looks
/// at the whole server, or needs other settings, has its own.
/// </summary>
[CollectionDefinition(Name)]
public sealed class SharedServer : ICollectionFixture<WeaveServer>
{
    public const string Name = "One server";
}

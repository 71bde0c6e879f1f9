namespace Lockstep.Gateway.Protocol;

/// <summary>
/// Tests that need a server as it is shipped and no part of it for themselves: each makes accounts of its own there. What looks
/// at the whole server, or lets sign-ins fail, has its own.
/// </summary>
[CollectionDefinition(Name)]
public sealed class SharedServer : ICollectionFixture<KintoServer>
{
    public const string Name = "One server";
}

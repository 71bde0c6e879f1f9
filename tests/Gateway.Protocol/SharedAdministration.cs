namespace Lockstep.Gateway.Protocol;

/// <summary>Tests that share one server with an administrator.</summary>
[CollectionDefinition(Name)]
public sealed class SharedAdministration : ICollectionFixture<AdministeredServer>
{
    public const string Name = "Administration";
}

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>The engine of the storage, as clients report it: <c>postgres</c>, <c>sqlite</c>.</summary>
public sealed record Engine(string Name);

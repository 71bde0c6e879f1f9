namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>What the storage lies in, as clients count it: <c>postgres</c>, <c>sqlite</c>.</summary>
public sealed record Engine(string Name);

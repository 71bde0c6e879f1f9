namespace Lockstep.Core.Outcomes;

/// <summary>What became of an operation. The set is closed; status codes are the gateway's affair.</summary>
public abstract record Outcome;

namespace Lockstep.Core.Outcomes;

/// <summary>The result of an operation. The set is closed; status codes are the gateway's concern.</summary>
public abstract record Outcome;

namespace Lockstep.Core.Validation;

/// <summary>What all judgements of one request to a bucket have taken so far, counted by the rules in steps of their own. For one judgement at a time.</summary>
public sealed class JudgedWork
{
    /// <summary>Steps; those of judgements that came to no end among them.</summary>
    public long Spent { get; private set; }

    public void Add(long steps) => Spent += steps;
}

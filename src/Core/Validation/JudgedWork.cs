namespace Lockstep.Core.Validation;

/// <summary>The work of all judgements of one request to a bucket so far, counted by the rules in their own steps. Not thread-safe.</summary>
public sealed class JudgedWork
{
    /// <summary>Steps, including those of unfinished judgements.</summary>
    public long Spent { get; private set; }

    public void Add(long steps) => Spent += steps;
}

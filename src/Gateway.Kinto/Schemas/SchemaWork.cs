namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>The work that one judgement may take, in steps: one for each part of a schema, member, item or character that is read.</summary>
/// <param name="steps">The number of steps.</param>
/// <param name="givenUp">Cancelled when nobody waits for the judgement any more.</param>
internal sealed class SchemaWork(long steps, CancellationToken givenUp = default)
{
    // A few microseconds' worth.
    private const int StepsBetweenLooks = 1 << 12;

    // Nested evaluations: a record has at most 100 nested objects and arrays, and there are a few evaluations for each.
    private const int MaxDepth = 500;

    private readonly long most = steps;
    private long left = steps;
    private long nextLook = steps - StepsBetweenLooks;
    private int depth;

    /// <summary>The number of steps so far.</summary>
    public long Spent => most - Math.Max(0, left);

    /// <summary>The judgement was too deep: later results do not count.</summary>
    public bool IsDeep { get; private set; }

    /// <exception cref="SchemaWorkException">No steps are left.</exception>
    /// <exception cref="OperationCanceledException">The work was given up.</exception>
    public void Spend(long count = 1)
    {
        left -= count;
        if (left < 0)
        {
            throw SchemaWorkException.Steps;
        }

        if (left <= nextLook)
        {
            nextLook = left - StepsBetweenLooks;
            givenUp.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Enters one more level, which <see cref="Leave"/> leaves.</summary>
    /// <returns>False where it is, or was, too deep. An exception would pass a thousand frames, which takes longer than the judgement.</returns>
    /// <exception cref="SchemaWorkException">No steps are left.</exception>
    public bool TryEnter()
    {
        Spend();
        IsDeep |= depth >= MaxDepth;
        depth += IsDeep ? 0 : 1;
        return !IsDeep;
    }

    public void Leave() => depth--;
}

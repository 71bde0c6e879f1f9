namespace Lockstep.Gateway.Kinto.Schemas;

/// <summary>What one judgement may take, counted in steps: one for each part of a schema, member, item or character that is looked at.</summary>
/// <param name="steps">How many there are.</param>
/// <param name="givenUp">Nobody waits for the judgement any more.</param>
internal sealed class SchemaWork(long steps, CancellationToken givenUp = default)
{
    // A few microseconds' worth.
    private const int StepsBetweenLooks = 1 << 12;

    // Evaluations within each other: a record has at most 100 objects and arrays in each other, and there are a few for each of them.
    private const int MaxDepth = 500;

    private readonly long most = steps;
    private long left = steps;
    private long nextLook = steps - StepsBetweenLooks;
    private int depth;

    /// <summary>How many it has taken so far.</summary>
    public long Spent => most - Math.Max(0, left);

    /// <summary>It was too deep: whatever is said from then on is no judgement.</summary>
    public bool IsDeep { get; private set; }

    /// <exception cref="SchemaWorkException">There are no more.</exception>
    /// <exception cref="OperationCanceledException">It is given up.</exception>
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

    /// <summary>Goes one deeper, to be followed by <see cref="Leave"/>.</summary>
    /// <returns>False where it is, or was, too deep. An exception would go through a thousand frames, which takes longer than the judgement.</returns>
    /// <exception cref="SchemaWorkException">There are no more steps.</exception>
    public bool TryEnter()
    {
        Spend();
        IsDeep |= depth >= MaxDepth;
        depth += IsDeep ? 0 : 1;
        return !IsDeep;
    }

    public void Leave() => depth--;
}

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

    private long left = steps;
    private long nextLook = steps - StepsBetweenLooks;
    private int depth;

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

    /// <exception cref="SchemaWorkException">It is too deep.</exception>
    public void Enter()
    {
        if (++depth > MaxDepth)
        {
            throw SchemaWorkException.Depth;
        }

        Spend();
    }

    public void Leave() => depth--;
}

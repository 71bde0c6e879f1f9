namespace Lockstep.Core.Json;

/// <summary>
/// What is done to JSON for one request, counted in steps: one for each member, item or operation that is looked at, and one for each
/// byte that is compared or copied. Work of many steps ends when it is given up.
/// </summary>
/// <param name="givenUp">Cancelled when nobody waits for the result any more.</param>
internal sealed class JsonWork(CancellationToken givenUp = default)
{
    // A few microseconds' worth.
    private const int StepsBetweenLooks = 1 << 12;

    private long nextLook;

    /// <summary>Steps so far.</summary>
    public long Steps { get; private set; }

    /// <exception cref="OperationCanceledException">The work was given up.</exception>
    public void Spend(long steps = 1)
    {
        Steps += steps;
        if (Steps >= nextLook)
        {
            nextLook = Steps + StepsBetweenLooks;
            givenUp.ThrowIfCancellationRequested();
        }
    }
}

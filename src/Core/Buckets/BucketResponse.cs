using Lockstep.Core.Outcomes;

namespace Lockstep.Core.Buckets;

/// <param name="Outcomes">One for each operation, in the request's order.</param>
/// <param name="ClockLeads">
/// Whether the bucket's clock is ahead of the wall clock by more than the setting: the caller should be told to slow down.
/// </param>
public sealed record BucketResponse(IReadOnlyList<Outcome> Outcomes, bool ClockLeads = false)
{
    public static BucketResponse Uniform(BucketRequest request, Outcome outcome)
    {
        var outcomes = new Outcome[request.Operations.Count];
        Array.Fill(outcomes, outcome);
        return new BucketResponse(outcomes);
    }
}

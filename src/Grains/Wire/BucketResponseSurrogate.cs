using Lockstep.Core.Buckets;
using Lockstep.Core.Outcomes;

namespace Lockstep.Grains.Wire;

/// <summary>A <see cref="BucketResponse"/>. Converted only to be serialized, as a <see cref="BucketRequestSurrogate"/> is.</summary>
[GenerateSerializer, Alias("lockstep.bucket-response"), Immutable]
public sealed class BucketResponseSurrogate
{
    [NonSerialized]
    private BucketRequest? request;

    [NonSerialized]
    private BucketResponse? response;

    [NonSerialized]
    private OutcomeSurrogate[]? outcomes;

    [Id(0)]
    public OutcomeSurrogate[] Outcomes
    {
        get => outcomes ??= [.. response!.Outcomes.Select((outcome, i) => OutcomeSurrogate.From(outcome, request!.Operations[i]))];
        internal set => outcomes = value;
    }

    [Id(1)]
    public bool ClockLeads { get; init; }

    /// <param name="response">The answer.</param>
    /// <param name="request">What it answers: of that, nothing is sent back.</param>
    internal static BucketResponseSurrogate From(BucketResponse response, BucketRequest request) =>
        new() { request = request, response = response, ClockLeads = response.ClockLeads };

    /// <param name="asked">What it answers.</param>
    internal BucketResponse ToResponse(BucketRequest asked) => response ?? new(ToOutcomes(asked), ClockLeads);

    private Outcome[] ToOutcomes(BucketRequest asked)
    {
        var converted = new Outcome[Outcomes.Length];
        for (var i = 0; i < converted.Length; i++)
        {
            converted[i] = Outcomes[i].ToOutcome(asked.Operations[i]);
        }

        return converted;
    }
}

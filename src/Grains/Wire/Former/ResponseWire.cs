using Lockstep.Core.Buckets;

namespace Lockstep.Grains.Wire.Former;

/// <summary>The answer to a <see cref="RequestWire"/>: converted only to be serialized, as that is.</summary>
[GenerateSerializer, Alias("lockstep.response"), Immutable]
public sealed class ResponseWire
{
    [NonSerialized]
    private BucketResponse? response;

    [NonSerialized]
    private OutcomeWire[]? outcomes;

    [Id(0)]
    public OutcomeWire[] Outcomes
    {
        get => outcomes ??= [.. response!.Outcomes.Select(OutcomeWire.From)];
        internal set => outcomes = value;
    }

    [Id(1)]
    public bool ClockLeads { get; init; }

    internal static ResponseWire From(BucketResponse response) =>
        new() { response = response, ClockLeads = response.ClockLeads };

    internal BucketResponse ToResponse() => response ?? new(Array.ConvertAll(Outcomes, static outcome => outcome.ToOutcome()), ClockLeads);
}

using Lockstep.Core.Buckets;

namespace Lockstep.Grains.Wire;

/// <summary>A <see cref="BucketResponse"/>.</summary>
[GenerateSerializer, Alias("lockstep.response"), Immutable]
public sealed class ResponseWire
{
    [Id(0)]
    public required OutcomeWire[] Outcomes { get; init; }

    [Id(1)]
    public bool ClockLeads { get; init; }

    internal static ResponseWire From(BucketResponse response) =>
        new() { Outcomes = [.. response.Outcomes.Select(OutcomeWire.From)], ClockLeads = response.ClockLeads };

    internal BucketResponse ToResponse() => new(Array.ConvertAll(Outcomes, static outcome => outcome.ToOutcome()), ClockLeads);
}

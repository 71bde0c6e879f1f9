namespace Lockstep.Core.Outcomes;

/// <summary>The operation was not answered; the caller may retry later.</summary>
public sealed record Unavailable(UnavailableReason Reason) : Outcome
{
    public static readonly Unavailable Overloaded = new(UnavailableReason.Overloaded);
    public static readonly Unavailable ClockAhead = new(UnavailableReason.ClockAhead);
    public static readonly Unavailable StoreFailed = new(UnavailableReason.StoreFailed);
    public static readonly Unavailable FateUnknown = new(UnavailableReason.FateUnknown);
}

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>What of a record queries look at.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Modified">Its time, as it was sent.</param>
/// <param name="Weight">Its <c>sortindex</c>; null for none.</param>
public sealed record WeaveRecord(string Id, string Modified, int? Weight)
{
    public long Hundredths => WeaveAnswer.Hundredths(Modified);
}

namespace Lockstep.Core.Settings;

/// <summary>The least and the greatest value of a setting, beside its declaration. The program checks them when it starts.</summary>
/// <param name="min">Inclusive. Of a duration: seconds.</param>
/// <param name="max">Inclusive. Of a duration: seconds. Default: none for a number, a day for a duration.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BoundsAttribute(double min, double max = double.NaN) : Attribute
{
    /// <summary>The shortest duration that is more than nothing.</summary>
    public const double Millisecond = 0.001;

    public const double Minute = 60;

    public const double Year = 365 * 86_400;

    public double Min => min;

    /// <summary>NaN for the default.</summary>
    public double Max => max;

    /// <summary>Why it is so, for the message: one sentence. Default: empty.</summary>
    public string Reason { get; init; } = "";
}

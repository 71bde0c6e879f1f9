namespace Lockstep.Silo.Doctor;

/// <summary>One thing that was looked at.</summary>
/// <param name="Level">How bad it is.</param>
/// <param name="Subject">What was looked at.</param>
/// <param name="Text">What is so, and what to do if that is not good.</param>
internal sealed record Diagnosis(DiagnosisLevel Level, string Subject, string Text)
{
    public static Diagnosis Ok(string subject, string text) => new(DiagnosisLevel.Ok, subject, text);

    public static Diagnosis Warning(string subject, string text) => new(DiagnosisLevel.Warning, subject, text);

    public static Diagnosis Error(string subject, string text) => new(DiagnosisLevel.Error, subject, text);

    public override string ToString() => $"{Level.ToString().ToLowerInvariant(),-7}  {Subject}: {Text}";
}

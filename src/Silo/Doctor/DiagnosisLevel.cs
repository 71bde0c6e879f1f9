namespace Lockstep.Silo.Doctor;

/// <summary>How bad it is.</summary>
internal enum DiagnosisLevel
{
    Ok,
    Warning,
    Error,
}

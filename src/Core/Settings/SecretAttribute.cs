namespace Lockstep.Core.Settings;

/// <summary>Marks a setting whose value opens something. Nobody is shown it, not even administrators; only whether it is set.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretAttribute : Attribute;

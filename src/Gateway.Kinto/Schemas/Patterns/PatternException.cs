namespace Lockstep.Gateway.Kinto.Schemas.Patterns;

/// <summary>A text that is no pattern, or one that is not taken here. The message is for whoever sent it.</summary>
internal sealed class PatternException(string message) : Exception(message);

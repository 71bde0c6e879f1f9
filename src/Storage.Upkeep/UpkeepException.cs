namespace Lockstep.Storage.Upkeep;

/// <summary>A command cannot do what it was asked to do. The message says why, for people.</summary>
public sealed class UpkeepException(string message) : Exception(message);

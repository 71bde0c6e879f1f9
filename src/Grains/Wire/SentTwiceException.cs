namespace Lockstep.Grains.Wire;

/// <summary>A write was about to be sent a second time. Whether the first sending reached an owner is not known.</summary>
internal sealed class SentTwiceException() : Exception("The connection broke while a write was being sent.");

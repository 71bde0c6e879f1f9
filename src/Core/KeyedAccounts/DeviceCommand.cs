namespace Lockstep.Core.KeyedAccounts;

/// <summary>A message from one device to another.</summary>
/// <param name="Number">Rises from command to command.</param>
/// <param name="Data">As the sender gave it.</param>
public sealed record DeviceCommand(long Number, string Data);

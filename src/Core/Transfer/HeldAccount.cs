using Lockstep.Core.Time;

namespace Lockstep.Core.Transfer;

/// <summary>An account that is taken over, and held back until all of its file is here.</summary>
/// <param name="Name">Its name.</param>
/// <param name="PasswordHash">The hash that it gets when it is opened.</param>
/// <param name="Modified">Its last change.</param>
/// <param name="Since">When it was made.</param>
/// <param name="IsDisabled">Whether it is disabled, and stays so when it is opened.</param>
public sealed record HeldAccount(string Name, string PasswordHash, ServerTimestamp Modified, ServerTimestamp Since, bool IsDisabled);

using Lockstep.Core.Time;

namespace Lockstep.Core.KeyedAccounts;

/// <summary>A device as its owner knows it. It belongs to the token that it signs in with, and is deleted with that.</summary>
/// <param name="Id">Names it to the account's other devices.</param>
/// <param name="Account">Number of the account.</param>
/// <param name="Token">Digest of the token that it signs in with; one device each.</param>
/// <param name="Data">Its own description, in the form of its protocol.</param>
/// <param name="Created">When it was first registered.</param>
public sealed record AccountDevice(string Id, long Account, string Token, string Data, ServerTimestamp Created);

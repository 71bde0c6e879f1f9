using Lockstep.Core.Time;

namespace Lockstep.Core.KeyedAccounts;

/// <summary>A key that the server signs with.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Sealed">The key, encrypted.</param>
public sealed record ServerKey(string Id, ServerTimestamp Created, string Sealed);

using System.Security.Cryptography;

namespace Lockstep.Gateway.FirefoxAccounts.OAuth;

/// <summary>A key that access tokens are signed with.</summary>
/// <param name="Id">As tokens name it.</param>
/// <param name="Created">Ms.</param>
/// <param name="Rsa">With its private half.</param>
internal sealed record SigningKey(string Id, long Created, RSA Rsa);

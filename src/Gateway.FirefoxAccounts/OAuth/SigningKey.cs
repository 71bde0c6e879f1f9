using System.Security.Cryptography;

namespace Lockstep.Gateway.FirefoxAccounts.OAuth;

/// <summary>A key that signs access tokens.</summary>
/// <param name="Id">The <c>kid</c> of tokens.</param>
/// <param name="Created">Milliseconds since 1970.</param>
/// <param name="Rsa">The key with its private half.</param>
internal sealed record SigningKey(string Id, long Created, RSA Rsa);

using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Ids for measurements: the same for an account each time, but nobody can tell the account from them.</summary>
/// <param name="secret">The secret that they are derived from.</param>
internal sealed class HashedIds(ReadOnlyMemory<byte> secret)
{
    private const int Length = 32;

    /// <returns>32 hex digits.</returns>
    public string OfAccount(string subject) => Hash(subject);

    /// <summary>The device is unknown, so there is one id for each account.</summary>
    public string OfDevice(string hashedAccount) => Hash(hashedAccount + "none");

    private string Hash(string text) => Convert.ToHexStringLower(HMACSHA256.HashData(secret.Span, Encoding.UTF8.GetBytes(text)))[..Length];
}

using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>Ids that measurements may have: the same for an account each time, and nobody can tell the account by them.</summary>
/// <param name="secret">Makes them.</param>
internal sealed class HashedIds(ReadOnlyMemory<byte> secret)
{
    private const int Length = 32;

    /// <returns>32 hex digits.</returns>
    public string OfAccount(string subject) => Hash(subject);

    /// <summary>Which device it is is not known: it is one for each account.</summary>
    public string OfDevice(string hashedAccount) => Hash(hashedAccount + "none");

    private string Hash(string text) => Convert.ToHexStringLower(HMACSHA256.HashData(secret.Span, Encoding.UTF8.GetBytes(text)))[..Length];
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Lockstep.Gateway.Sync15.TokenServer;

/// <summary>The secret of an invitation, a segment of the URL that Firefox is given. Only its digest is kept.</summary>
public static class InvitationCode
{
    private const int Bytes = 20;

    /// <summary>A new one: 160 random bits, as letters, digits, dashes and underscores.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>SHA-256, hex.</summary>
    public static string DigestOf(string code) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(code)));
}

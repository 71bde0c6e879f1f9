using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.OpenId;

/// <summary>Encrypts and authenticates the part of a login that a browser keeps, with a key that all servers of one database share (AES-256-GCM).</summary>
internal sealed class LoginSeal(AccountSecret secret)
{
    private const int MaxLength = 8192;

    private readonly byte[] key = HMACSHA256.HashData(secret.Value.Span, "logins at providers"u8);

    /// <param name="login">The login to seal.</param>
    /// <param name="provider">The provider that it is valid for.</param>
    public string Close(PendingLogin login, string provider) => Base64Url.EncodeToString(SealedBytes.Seal(key, login.ToJson(), Encoding.UTF8.GetBytes(provider)));

    /// <returns>Null when this was not sealed by <see cref="Close"/> for the same provider.</returns>
    public PendingLogin? Open(string text, string provider) =>
        text.Length <= MaxLength && Base64Url.IsValid(text) && SealedBytes.Open(key, Base64Url.DecodeFromChars(text), Encoding.UTF8.GetBytes(provider)) is { } plain
            ? PendingLogin.Read(plain)
            : null;
}

using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.OpenId;

/// <summary>Encrypts and authenticates the part of a login that a browser keeps, with a key that all servers of one database share (AES-256-GCM).</summary>
internal sealed class LoginSeal(AccountSecret secret)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int MaxLength = 8192;

    private readonly byte[] key = HMACSHA256.HashData(secret.Value.Span, "logins at providers"u8);

    /// <param name="login">The login to seal.</param>
    /// <param name="provider">The provider that it is valid for.</param>
    public string Close(PendingLogin login, string provider)
    {
        var plain = login.ToJson();
        var closed = new byte[NonceBytes + plain.Length + TagBytes];
        RandomNumberGenerator.Fill(closed.AsSpan(0, NonceBytes));
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(closed.AsSpan(0, NonceBytes), plain, closed.AsSpan(NonceBytes, plain.Length), closed.AsSpan(NonceBytes + plain.Length), Encoding.UTF8.GetBytes(provider));
        return Base64Url.EncodeToString(closed);
    }

    /// <returns>Null when this was not sealed by <see cref="Close"/> for the same provider.</returns>
    public PendingLogin? Open(string text, string provider)
    {
        if (text.Length > MaxLength || !Base64Url.IsValid(text))
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(text);
        if (bytes.Length < NonceBytes + TagBytes)
        {
            return null;
        }

        var plain = new byte[bytes.Length - NonceBytes - TagBytes];
        try
        {
            using var cipher = new AesGcm(key, TagBytes);
            cipher.Decrypt(bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes, plain.Length), bytes.AsSpan(NonceBytes + plain.Length), plain, Encoding.UTF8.GetBytes(provider));
            return PendingLogin.Read(plain);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}

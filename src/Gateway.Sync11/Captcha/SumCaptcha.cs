using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Pages;
using Lockstep.Gateway.Sync11.Users;

namespace Lockstep.Gateway.Sync11.Captcha;

/// <summary>
/// Asks for the sum of two numbers in words. A program that was written for this server can answer it; one that fills in any form cannot. It can be read aloud, and needs no other server.
/// Nothing is stored: the numbers are derived from the challenge and the database's secret.
/// </summary>
internal sealed class SumCaptcha(PageTexts texts, AccountSecret secret, Attempts attempts, CaptchaOptions options, TimeProvider time) : ICaptcha
{
    private const int NumberBytes = 12;
    private const int TimeBytes = sizeof(long);
    private const int MacBytes = 16;
    private const int Greatest = 20;

    public CaptchaQuestion Ask(string acceptLanguage)
    {
        var language = texts.Choose(acceptLanguage);
        Span<byte> challenge = stackalloc byte[NumberBytes + TimeBytes + MacBytes];
        RandomNumberGenerator.Fill(challenge[..NumberBytes]);
        BitConverter.TryWriteBytes(challenge[NumberBytes..], (time.GetUtcNow() + options.Lifetime).ToUnixTimeMilliseconds());
        var signed = challenge[..^MacBytes];
        Mac("challenge", signed).AsSpan(0, MacBytes).CopyTo(challenge[^MacBytes..]);
        var (a, b) = Numbers(signed);
        var text = texts.Get(language, "captcha.question")
            .Replace("{a}", Word(language, a), StringComparison.Ordinal)
            .Replace("{b}", Word(language, b), StringComparison.Ordinal);
        return new CaptchaQuestion(language, texts.Get(language, "captcha.title"), text, Base64Url.EncodeToString(challenge));
    }

    public async ValueTask<bool> TakeAsync(string challenge, string response)
    {
        if (!IsOwn(challenge, out var signed) || !await attempts.TakeCaptchaAsync(Convert.ToHexStringLower(signed)))
        {
            return false;
        }

        var (a, b) = Numbers(signed);
        return int.TryParse(response.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var sum) && sum == a + b;
    }

    /// <summary>Whether this server made a challenge, not too long ago.</summary>
    private bool IsOwn(string challenge, out byte[] signed)
    {
        signed = [];
        Span<byte> bytes = stackalloc byte[NumberBytes + TimeBytes + MacBytes];
        if (challenge.Length != Base64Url.GetEncodedLength(bytes.Length)
            || Base64Url.DecodeFromChars(challenge, bytes, out _, out var length) != OperationStatus.Done || length != bytes.Length)
        {
            return false;
        }

        signed = bytes[..^MacBytes].ToArray();
        return CryptographicOperations.FixedTimeEquals(Mac("challenge", signed).AsSpan(0, MacBytes), bytes[^MacBytes..])
            && BitConverter.ToInt64(signed, NumberBytes) > time.GetUtcNow().ToUnixTimeMilliseconds();
    }

    private (int A, int B) Numbers(ReadOnlySpan<byte> signed)
    {
        var mac = Mac("numbers", signed);
        return (1 + (mac[0] % Greatest), 1 + (mac[1] % Greatest));
    }

    private string Word(string language, int number) => texts.Get(language, $"captcha.number-{number.ToString(CultureInfo.InvariantCulture)}");

    private byte[] Mac(string what, ReadOnlySpan<byte> data) =>
        HMACSHA256.HashData(HMACSHA256.HashData(secret.Value.Span, Encoding.ASCII.GetBytes($"captcha of Sync 1.1: {what}")), data);
}

using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>What a client says of a user whom it wants an account for.</summary>
/// <param name="Email">The address as it was typed.</param>
/// <param name="Password">The password.</param>
internal sealed record NewUser(string Email, string Password)
{
    private const int MinPasswordBytes = 8;
    private const int MaxPasswordBytes = 1024;
    private const int MaxEmailLength = 255;

    /// <summary>What the captcha's page had; null for nothing.</summary>
    public string? CaptchaChallenge { get; init; }

    /// <summary>What was typed there; null for nothing.</summary>
    public string? CaptchaResponse { get; init; }

    /// <param name="body">JSON.</param>
    /// <param name="name">The user's name.</param>
    /// <param name="isStrict">Whether the name must be the hash of the address.</param>
    /// <returns>The user; or the number of the error. In the order of the servers before.</returns>
    public static (NewUser? User, int Code) Read(string body, string name, bool isStrict)
    {
        try
        {
            using var document = JsonText.Parse(Encoding.UTF8.GetBytes(body));
            var root = document.RootElement;
            return root.ValueKind != JsonValueKind.Object ? (null, WeaveCode.NoJson)
                : Text(root, "email") is not { } email || !IsEmail(email) ? (null, WeaveCode.NoAddress)
                : isStrict && !UserName.IsOf(name, email) ? (null, WeaveCode.NameIsNotOfAddress)
                : Text(root, "password") is not { Length: > 0 } password ? (null, WeaveCode.NoPassword)
                : IsWeak(password, name) ? (null, WeaveCode.WeakPassword)
                : ((NewUser?)new NewUser(email, password) { CaptchaChallenge = Text(root, "captcha-challenge"), CaptchaResponse = Text(root, "captcha-response") }, 0);
        }
        catch (JsonException)
        {
            return (null, WeaveCode.NoJson);
        }
    }

    /// <summary>Less than 8 bytes, more than 1,024, or the user's own name in whatever case, with or without blanks around it.</summary>
    public static bool IsWeak(string password, string name) =>
        Encoding.UTF8.GetByteCount(password) is < MinPasswordBytes or > MaxPasswordBytes || string.Equals(password.Trim(), name, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether mail could be sent there, by the look of it: something on both sides of one at sign, without blanks.</summary>
    public static bool IsEmail(string text) => text.Length <= MaxEmailLength
        && text.Split('@') is [{ Length: > 0 }, { Length: > 0 }]
        && !text.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '<' or '>' or ',' or ';' or '"');

    private static string? Text(JsonElement user, string name) => user.TryGetProperty(name, out var value) ? JsonText.Read(value) : null;
}

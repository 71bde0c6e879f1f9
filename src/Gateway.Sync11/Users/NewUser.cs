using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>A client's data of a user who wants an account.</summary>
/// <param name="Email">The address as it was typed.</param>
/// <param name="Password">The password.</param>
internal sealed record NewUser(string Email, string Password)
{
    private const int MinPasswordBytes = 8;
    private const int MaxPasswordBytes = 1024;
    private const int MaxEmailLength = 255;

    /// <summary>The challenge on the captcha's page; null for none.</summary>
    public string? CaptchaChallenge { get; init; }

    /// <summary>The text that was typed there; null for none.</summary>
    public string? CaptchaResponse { get; init; }

    /// <param name="body">JSON.</param>
    /// <param name="name">The user's name.</param>
    /// <param name="isStrict">Whether the name must be the hash of the address.</param>
    /// <returns>The user, or the number of the error. Faults are checked in the order of the earlier servers.</returns>
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

    /// <summary>Whether it has less than 8 or more than 1,024 bytes, or is the user's own name in any case, with or without blanks around it.</summary>
    public static bool IsWeak(string password, string name) =>
        Encoding.UTF8.GetByteCount(password) is < MinPasswordBytes or > MaxPasswordBytes || string.Equals(password.Trim(), name, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a text looks like a mail address: something on both sides of one at sign, without blanks.</summary>
    public static bool IsEmail(string text) => text.Length <= MaxEmailLength
        && text.Split('@') is [{ Length: > 0 }, { Length: > 0 }]
        && !text.Any(static c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '<' or '>' or ',' or ';' or '"');

    private static string? Text(JsonElement user, string name) => user.TryGetProperty(name, out var value) ? JsonText.Read(value) : null;
}

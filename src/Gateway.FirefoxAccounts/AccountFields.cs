using System.Globalization;
using System.Text;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.FirefoxAccounts.Secrets;

namespace Lockstep.Gateway.FirefoxAccounts;

/// <summary>
/// Reads the values of a request. The first missing or invalid value is kept as <see cref="Error"/>, and later values are read all the same. So a handler
/// can read everything it needs and check the error once.
/// </summary>
internal sealed class AccountFields
{
    private const int MaxEmailLength = 255;
    private const int MaxTextLength = 4096;

    private readonly JsonElement body;
    private readonly IReadOnlyDictionary<string, string>? form;

    /// <param name="body">A JSON object.</param>
    public AccountFields(JsonElement body) => this.body = body;

    /// <param name="form">A form, or a query.</param>
    public AccountFields(IReadOnlyDictionary<string, string> form) => this.form = form;

    public AccountError? Error { get; private set; }

    /// <summary>Whether the value is there and not null.</summary>
    public bool Has(string name) => form?.ContainsKey(name) ?? (body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null);

    /// <summary>An address as it was typed. Its lower case is a valid account name.</summary>
    public string Email(string name = "email") => Text(name, MaxEmailLength) is var text && IsEmail(text) ? text : Fail(name, "");

    /// <summary>A value of so many bytes, as hex in lower case.</summary>
    public byte[] Hex(string name, int bytes) => Text(name) is var text && TokenSecret.IsHex(text, bytes) ? Convert.FromHexString(text) : Fail(name, new byte[bytes]);

    /// <returns>Empty if it is missing or invalid.</returns>
    public string Text(string name, int most = MaxTextLength)
    {
        if (!Has(name))
        {
            Error ??= AccountError.Missing(name);
            return "";
        }

        return Optional(name, most) ?? "";
    }

    /// <returns>Null if it is missing or invalid. Only an invalid one is an error.</returns>
    public string? Optional(string name, int most = MaxTextLength)
    {
        if (!Has(name))
        {
            return null;
        }

        var text = form is not null ? form[name] : body.GetProperty(name).ValueKind == JsonValueKind.String ? JsonText.Read(body.GetProperty(name)) : null;
        return text is not null && text.Length <= most && !text.Contains('\0', StringComparison.Ordinal) ? text : Fail<string?>(name, null);
    }

    /// <returns>Null if it is missing or invalid. Only an invalid one is an error.</returns>
    public long? Number(string name, long least, long most)
    {
        if (!Has(name))
        {
            return null;
        }

        long number = 0;
        var isOne = form is not null
            ? long.TryParse(form[name], NumberStyles.None, CultureInfo.InvariantCulture, out number)
            : body.GetProperty(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out number);
        return isOne && number >= least && number <= most ? number : Fail<long?>(name, null);
    }

    /// <returns>The value itself; null if it is missing or of another kind, and always in a form.</returns>
    public JsonElement? Raw(string name, JsonValueKind kind)
    {
        if (form is not null || !Has(name))
        {
            return null;
        }

        return body.GetProperty(name) is var value && value.ValueKind == kind ? value : Fail<JsonElement?>(name, null);
    }

    /// <summary>Records that a value is invalid.</summary>
    public T Fail<T>(string name, T otherwise)
    {
        Error ??= AccountError.Invalid(name);
        return otherwise;
    }

    public static bool IsEmail(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        return Ascii.IsValid(text) && at > 0 && at == text.LastIndexOf('@') && text.Length <= MaxEmailLength
            && Accounts.AccountName.Of(text) is { } name && Gateway.Accounts.AccountDirectory.IsValidName(name)
            && text[(at + 1)..] is var host && host.Length > 0 && host[0] is not ('.' or '-') && host[^1] is not ('.' or '-') && !host.Contains("..", StringComparison.Ordinal);
    }
}

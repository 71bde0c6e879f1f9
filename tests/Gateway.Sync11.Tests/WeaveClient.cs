using System.Diagnostics.CodeAnalysis;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>Sends requests as a user's device does. Paths without a prefix are below <c>/1.1/{username}</c>.</summary>
public sealed class WeaveClient(Uri address, string name, string? password) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,

        // Of a server whose certificate the user has accepted, which is its own.
        SslOptions = { RemoteCertificateValidationCallback = static (_, certificate, _, errors) => errors == SslPolicyErrors.None || certificate?.Subject == "CN=localhost" },
    });

    public string Name => name;

    public string Email { get; init; } = "";

    /// <summary>Null for none: then nothing says who asks.</summary>
    public string? Password { get; set; } = password;

    /// <summary>As Pale Moon makes it: base 32 of SHA-1 of the address in lower case.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "Clients name their users so.")]
    public static string NameOf(string email)
    {
        var bits = string.Concat(SHA1.HashData(Encoding.UTF8.GetBytes(email.ToLowerInvariant())).Select(value => Convert.ToString(value, 2).PadLeft(8, '0')));
        return string.Concat(Enumerable.Range(0, 32).Select(i => "abcdefghijklmnopqrstuvwxyz234567"[Convert.ToInt32(bits.Substring(i * 5, 5), 2)]));
    }

    public static string Basic(string name, string password) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"));

    /// <summary>A record as clients write it.</summary>
    public static string Wbo(string id, string payload, string more = "") => $"{{\"id\":{JsonSerializer.Serialize(id)},\"payload\":{JsonSerializer.Serialize(payload)}{more}}}";

    public Task<WeaveAnswer> SignUpAsync(params (string Name, string Value)[] headers) => UserAsync(
        "PUT", "", JsonSerializer.Serialize(new Dictionary<string, string?> { ["password"] = Password, ["email"] = Email, ["captcha-challenge"] = "", ["captcha-response"] = "" }),
        [("Authorization", ""), .. headers]);

    public Task<WeaveAnswer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync("GET", $"/1.1/{name}{path}", body: null, headers);

    public Task<WeaveAnswer> PutAsync(string path, string body, params (string Name, string Value)[] headers) => SendAsync("PUT", $"/1.1/{name}{path}", Bytes(body), headers);

    public Task<WeaveAnswer> PostAsync(string path, string body, params (string Name, string Value)[] headers) => SendAsync("POST", $"/1.1/{name}{path}", Bytes(body), headers);

    public Task<WeaveAnswer> DeleteAsync(string path, params (string Name, string Value)[] headers) => SendAsync("DELETE", $"/1.1/{name}{path}", body: null, headers);

    /// <summary>Below <c>/user/1.0/{username}</c>.</summary>
    public Task<WeaveAnswer> UserAsync(string method, string path, string? body = null, params (string Name, string Value)[] headers) =>
        SendAsync(method, $"/user/1.0/{name}{path}", body is null ? null : Bytes(body), headers);

    /// <summary>With a path from the server's URL on. A header <c>Authorization</c> takes the place of the client's own; an empty one is none.</summary>
    public async Task<WeaveAnswer> SendAsync(string method, string target, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(method), new Uri(address.GetLeftPart(UriPartial.Path).TrimEnd('/') + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (body is not null)
        {
            // Both HTTP layers of the browser say that everything is plain text.
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
        }

        if (Password is not null && !headers.Any(header => header.Name == "Authorization"))
        {
            request.Headers.TryAddWithoutValidation("Authorization", Basic(name, Password));
        }

        foreach (var (header, value) in headers.Where(header => header.Value.Length > 0))
        {
            request.Headers.TryAddWithoutValidation(header, value);
        }

        using var response = await http.SendAsync(request);
        return await WeaveAnswer.ReadAsync(response);
    }

    public void Dispose() => http.Dispose();

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}

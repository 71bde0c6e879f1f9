using System.Net.Http.Headers;
using System.Text;

namespace Lockstep.Gateway.Sync15.Tests;

/// <summary>A device: signs each request with its token. Paths are below <c>/1.5/{uid}</c>.</summary>
public sealed class SyncClient(Uri address, long uid, string id, string key, TimeProvider time) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1 }) { BaseAddress = address };

    public long Uid => uid;

    public string Id => id;

    public string Key => key;

    /// <summary>Seconds that the device's clock is wrong by.</summary>
    public long Skew { get; set; }

    public Task<SyncAnswer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync("GET", path, body: null, headers);

    public Task<SyncAnswer> PutAsync(string path, string body, params (string Name, string Value)[] headers) => SendAsync("PUT", path, body, headers);

    public Task<SyncAnswer> PostAsync(string path, string body, params (string Name, string Value)[] headers) => SendAsync("POST", path, body, headers);

    public Task<SyncAnswer> DeleteAsync(string path, params (string Name, string Value)[] headers) => SendAsync("DELETE", path, body: null, headers);

    public Task<SyncAnswer> SendAsync(string method, string path, string? body = null, params (string Name, string Value)[] headers) =>
        SendRawAsync(method, $"/1.5/{uid}{path}", body, headers);

    /// <summary>With a path from the root on. A header <c>Authorization</c> takes the place of the signature; an empty one is none.</summary>
    public Task<SyncAnswer> SendRawAsync(string method, string target, string? body = null, params (string Name, string Value)[] headers) =>
        SendBytesAsync(method, target, body is null ? null : Encoding.UTF8.GetBytes(body), headers);

    /// <summary>The same, with a body that need not be text.</summary>
    public async Task<SyncAnswer> SendBytesAsync(string method, string target, byte[]? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(address.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (!headers.Any(header => header.Name == "Content-Type"))
            {
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }
        }

        if (!headers.Any(header => header.Name == "Authorization"))
        {
            var now = time.GetUtcNow().ToUnixTimeSeconds() + Skew;
            request.Headers.TryAddWithoutValidation("Authorization", HawkSigner.Header(id, key, now, method, target, address.Host, address.Port));
        }

        foreach (var (name, value) in headers.Where(header => header.Value.Length > 0 || header.Name != "Authorization"))
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await http.SendAsync(request);
        return await SyncAnswer.ReadAsync(response);
    }

    public void Dispose() => http.Dispose();
}

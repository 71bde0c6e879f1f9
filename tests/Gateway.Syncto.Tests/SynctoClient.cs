using System.Net.Http.Headers;
using System.Text;
using Lockstep.Gateway.Sync15.Tests;

namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>Asks as a page does: with an access token, and the client state as the bucket's name. Paths are below <c>/syncto</c>.</summary>
public sealed class SynctoClient(Uri address, string token, string state) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1 });

    public Uri Address => address;

    public string Token => token;

    public string State => state;

    /// <summary>Of a collection's records, below <c>/syncto</c>.</summary>
    public string Records(string collection = "bookmarks") => $"/v1/buckets/{state}/collections/{collection}/records";

    public Task<SyncAnswer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync("GET", path, body: null, headers);

    public Task<SyncAnswer> PutAsync(string path, string body, params (string Name, string Value)[] headers) => SendAsync("PUT", path, body, headers);

    public Task<SyncAnswer> DeleteAsync(string path, params (string Name, string Value)[] headers) => SendAsync("DELETE", path, body: null, headers);

    public Task<SyncAnswer> BatchAsync(string body) => SendAsync("POST", "/v1/batch", body);

    /// <summary>A header that is empty is left out, also one that is there otherwise.</summary>
    public Task<SyncAnswer> SendAsync(string method, string path, string? body = null, params (string Name, string Value)[] headers) =>
        SendBytesAsync(method, "/syncto" + path, body is null ? null : Encoding.UTF8.GetBytes(body), headers);

    /// <summary>With a path from the root on.</summary>
    public async Task<SyncAnswer> SendBytesAsync(string method, string target, byte[]? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(
            new HttpMethod(method), new Uri(address.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (!headers.Any(static header => header.Name is "Content-Type"))
            {
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }
        }

        if (!headers.Any(static header => header.Name is "Authorization"))
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }

        foreach (var (name, value) in headers.Where(static header => header.Value.Length > 0))
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

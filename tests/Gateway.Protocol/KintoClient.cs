using System.Net.Http.Headers;
using System.Text;

namespace Lockstep.Gateway.Protocol;

/// <summary>Plain HTTP with one user's credentials; paths are below <c>/v1</c>.</summary>
public sealed class KintoClient(Uri address, string? authorization) : IDisposable
{
    public const string Records = "/buckets/default/collections/tasks/records";

    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = address };

    /// <summary>The header that is sent; null for none.</summary>
    public string? Authorization => authorization;

    public static string Basic(string name, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"));

    public Task<KintoAnswer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync("GET", path, body: null, headers);

    public Task<KintoAnswer> PutAsync(string path, string body, params (string Name, string Value)[] headers) => SendAsync("PUT", path, body, headers);

    public Task<KintoAnswer> PostAsync(string path, string body, params (string Name, string Value)[] headers) => SendAsync("POST", path, body, headers);

    public Task<KintoAnswer> DeleteAsync(string path, params (string Name, string Value)[] headers) => SendAsync("DELETE", path, body: null, headers);

    public Task<KintoAnswer> SendAsync(string method, string path, string? body = null, params (string Name, string Value)[] headers) =>
        SendRawAsync(method, "/v1" + path, body is null ? null : Encoding.UTF8.GetBytes(body), headers);

    /// <summary>With the path as it is and the body's own bytes.</summary>
    public async Task<KintoAnswer> SendRawAsync(string method, string path, byte[]? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (!headers.Any(header => header.Name == "Content-Type"))
            {
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }
        }

        if (authorization is not null && !headers.Any(header => header.Name == "Authorization"))
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await http.SendAsync(request);
        return await KintoAnswer.ReadAsync(response);
    }

    public void Dispose() => http.Dispose();
}

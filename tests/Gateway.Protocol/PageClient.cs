using System.Net;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Protocol;

/// <summary>Asks what a page of the console asks, with its cookie.</summary>
internal sealed class PageClient(Uri address) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = address };

    /// <summary>Name and value of the session's cookie; null for none.</summary>
    public string? Cookie { get; private set; }

    public async Task SignInAsync(string account, string password)
    {
        using var response = await SendRawAsync("POST", "/admin/api/session", JsonSerializer.Serialize(new { account, password }));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Cookie = response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    /// <param name="method">Of HTTP.</param>
    /// <param name="path">Below <c>/admin/api</c>.</param>
    /// <param name="body">JSON; null for none.</param>
    public async Task<(int Status, JsonElement Json, string Text)> SendAsync(string method, string path, string? body = null)
    {
        using var response = await SendRawAsync(method, "/admin/api" + path, body);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text), text);
    }

    public async Task<JsonElement> GetAsync(string path)
    {
        var (status, json, text) = await SendAsync("GET", path);
        Assert.True(status == 200, $"{path}: {status} {text}");
        return json;
    }

    /// <summary>What is not done: its word, with the status in front: <c>404 no-account</c>.</summary>
    public async Task<string> RefusedAsync(string method, string path, string? body = null)
    {
        var (status, json, _) = await SendAsync(method, path, body);
        return $"{status} {json.GetProperty("error").GetString()}";
    }

    /// <summary>With a whole path, and what browsers send along.</summary>
    public async Task<HttpResponseMessage> SendRawAsync(string method, string path, string? body = null, bool isOfPage = true, string? authorization = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (isOfPage && method is not "GET")
        {
            request.Headers.Add("Lockstep-Console", "1");
        }

        if (Cookie is not null)
        {
            request.Headers.Add("Cookie", Cookie);
        }

        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return await http.SendAsync(request);
    }

    public void Dispose() => http.Dispose();
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Lockstep.EndToEnd;

/// <summary>One account's plain HTTP client.</summary>
public sealed class Device : IDisposable
{
    public const string Records = "/v1/buckets/default/collections/tasks/records";

    private readonly HttpClient http;

    public Device(Uri address, string name, string password)
    {
        http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")));
    }

    public async Task RegisterAsync(string name, string password)
    {
        using var content = Json($$$"""{"data":{"password":"{{{password}}}"}}""");
        using var response = await http.PutAsync($"/v1/accounts/{name}", content);
        Assert.True(response.StatusCode == HttpStatusCode.Created, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }

    /// <returns>The status, and the stamp of what was written.</returns>
    public async Task<(HttpStatusCode Status, long Stamp)> PutAsync(string id, string data = "{}")
    {
        using var content = Json($$"""{"data":{{data}}}""");
        using var response = await http.PutAsync($"{Records}/{id}", content);
        var body = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, response.IsSuccessStatusCode
            ? JsonDocument.Parse(body).RootElement.GetProperty("data").GetProperty("last_modified").GetInt64()
            : 0);
    }

    public async Task<HttpStatusCode> StatusAsync(string path = Records)
    {
        using var response = await http.GetAsync(path);
        return response.StatusCode;
    }

    /// <summary>All records, id to stamp, and the list's stamp.</summary>
    public async Task<(Dictionary<string, long> Records, long Stamp)> ListAsync()
    {
        using var response = await http.GetAsync(Records);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var records = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("data").EnumerateArray()
            .ToDictionary(record => record.GetProperty("id").GetString()!, record => record.GetProperty("last_modified").GetInt64(), StringComparer.Ordinal);
        return (records, long.Parse(response.Headers.ETag!.Tag.Trim('"')));
    }

    public void Dispose() => http.Dispose();

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Lockstep.EndToEnd.FromKinto;

/// <summary>Somebody who signs in with a password.</summary>
internal sealed class KintoUser : IDisposable
{
    private readonly HttpClient http;

    public KintoUser(Uri address, string name, string password)
    {
        http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")));
    }

    /// <returns>Status, body, and the ETag without its quotes.</returns>
    public async Task<(HttpStatusCode Status, JsonElement Body, long Stamp)> SendAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, $"/v1{path}") { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        using var document = JsonDocument.Parse(text.Length == 0 ? "{}" : text);
        return (response.StatusCode, document.RootElement.Clone(), response.Headers.ETag is { } tag ? long.Parse(tag.Tag.Trim('"'), System.Globalization.CultureInfo.InvariantCulture) : 0);
    }

    public async Task<HttpStatusCode> StatusAsync(string path) => (await SendAsync(HttpMethod.Get, path)).Status;

    /// <summary>A list: each object as <c>id@stamp</c>, tombstones with <c>-</c> in front, in the order of ids; and its stamp.</summary>
    public async Task<(string[] Objects, long Stamp)> ListAsync(string path)
    {
        var objects = new List<string>();
        var (status, body, stamp) = await SendAsync(HttpMethod.Get, path);
        Assert.True(status == HttpStatusCode.OK, $"{path}: {status} {body}");
        foreach (var one in body.GetProperty("data").EnumerateArray())
        {
            objects.Add($"{(one.TryGetProperty("deleted", out _) ? "-" : "")}{one.GetProperty("id").GetString()}@{one.GetProperty("last_modified").GetInt64()}");
        }

        objects.Sort(StringComparer.Ordinal);
        return ([.. objects], stamp);
    }

    /// <summary>What an object says of rights: <c>read: a b; write: c</c>.</summary>
    public async Task<string> RightsAsync(string path)
    {
        var (status, body, _) = await SendAsync(HttpMethod.Get, path);
        Assert.True(status == HttpStatusCode.OK, $"{path}: {status} {body}");
        return string.Join("; ", body.GetProperty("permissions").EnumerateObject().OrderBy(static right => right.Name, StringComparer.Ordinal)
            .Select(static right => $"{right.Name}: {string.Join(' ', right.Value.EnumerateArray().Select(static principal => principal.GetString()).Order(StringComparer.Ordinal))}"));
    }

    public void Dispose() => http.Dispose();
}

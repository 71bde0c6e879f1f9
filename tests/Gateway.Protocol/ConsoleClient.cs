using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Protocol;

/// <summary>What a page of the console does: it asks in JSON below <c>/admin/api</c>, with the header that only its own pages can send, and its browser keeps the cookie.</summary>
public sealed class ConsoleClient(Uri address, string root = "/admin/api") : IDisposable
{
    private readonly KintoClient http = new(address, authorization: null);

    /// <summary>As it is sent back; null for none.</summary>
    public string? Cookie { get; set; }

    public Task<KintoAnswer> GetAsync(string path) => SendAsync("GET", path);

    public Task<KintoAnswer> PostAsync(string path, object body) => SendAsync("POST", path, body);

    public Task<KintoAnswer> DeleteAsync(string path, long? stamp = null) =>
        SendAsync("DELETE", path, body: null, stamp is null ? [] : [("If-Match", $"\"{stamp}\"")]);

    public Task<KintoAnswer> SignInAsync(string account, string password) => PostAsync("/session", new { account, password });

    public async Task<KintoAnswer> SendAsync(string method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        var all = headers.ToList();
        if (method is not "GET" && !all.Exists(static header => header.Name is "Lockstep-Console"))
        {
            all.Add(("Lockstep-Console", "1"));
        }

        if (Cookie is not null)
        {
            all.Add(("Cookie", Cookie));
        }

        all.RemoveAll(static header => header.Value.Length == 0);
        var answer = await http.SendRawAsync(method, root + path, body is null ? null : Encoding.UTF8.GetBytes(JsonSerializer.Serialize(body)), [.. all]);
        if (answer.Headers.TryGetValue("Set-Cookie", out var set))
        {
            Cookie = set.Split(';')[0] is var pair && pair.EndsWith('=') ? null : pair;
        }

        return answer;
    }

    public void Dispose() => http.Dispose();
}
